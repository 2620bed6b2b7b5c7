#include "model/settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/target.hpp"

namespace backups {
namespace {

constexpr int kFormat = 1;
constexpr std::uint64_t kMostReserve = 2ULL << 30;

std::string default_reserve(std::uint64_t total) {
  return std::to_string(std::min(total / 10, kMostReserve));
}

void check_format(int format) {
  if (format != kFormat)
    throw Error(ErrorKind::kDamaged,
                "settings.json was written by a newer version: update the plugin");
}

/// Properties that this version does not know are kept as they are.
void check_values(const std::string& scope, const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) {
    const Property* property = find_property(key);
    if (property != nullptr && !property->valid(value))
      throw Error(ErrorKind::kDamaged, "settings.json: " + key + " of " + scope + " takes " +
                                           property->takes + ", not '" + property->shown(value) +
                                           "'");
  }
}

/// Their names become those of files, their options whatever a connection is made of.
void check_targets(const std::map<std::string, TargetOptions>& targets) {
  for (const auto& [name, options] : targets) {
    if (!valid_target_name(name))
      throw Error(ErrorKind::kDamaged,
                  "settings.json: '" + printable(name) + "' is not the name of a target");
    try {
      for (const auto& [option, value] : options) check_target_option(option, value);
    } catch (const Error& error) {
      throw Error(ErrorKind::kDamaged, "settings.json: target " + name + ": " + error.what());
    }
  }
}

/// Its names become parts of keys.
void check_host(const HostIdentity& host) {
  std::set<std::string> names = host.names;
  names.insert(host.doubtful.begin(), host.doubtful.end());
  if (!host.name.empty()) names.insert(host.name);
  for (const auto& name : names)
    if (!valid_name(name))
      throw Error(ErrorKind::kDamaged,
                  "settings.json: '" + printable(name) + "' is not the name of a host");
}

}  // namespace

Settings Settings::parse(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Settings settings;
    settings.values_ = json.value("properties", settings.values_);
    settings.targets = json.value("targets", settings.targets);
    settings.pins = json.value("pins", settings.pins);
    settings.paths = json.value("paths", settings.paths);
    settings.accepted = json.value("accepted", settings.accepted);
    if (json.contains("schedules"))
      for (const auto& schedule : json["schedules"])
        settings.schedules.push_back(schedule_from_json(schedule));
    settings.host_id = json.value("host_id", "");
    if (json.contains("host")) settings.host = host_from_json(json["host"]);
    check_host(settings.host);
    check_format(json.value("format", kFormat));
    for (const auto& [scope, values] : settings.values_) check_values(scope, values);
    check_targets(settings.targets);
    return settings;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("settings.json cannot be read: ") + error.what());
  }
}

std::string Settings::to_text() const {
  nlohmann::ordered_json json = {{"format", kFormat}};
  if (host.name.empty()) {
    json["host_id"] = host_id;
  } else {
    json["host"] = host_to_json(host);
  }
  json["pins"] = pins;
  if (!targets.empty()) json["targets"] = targets;
  for (const auto& schedule : schedules) json["schedules"].push_back(schedule_to_json(schedule));
  if (!paths.empty()) json["paths"] = paths;
  if (!accepted.empty()) json["accepted"] = accepted;
  json["properties"] = values_;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void Settings::set(const std::string& scope, const std::string& key, const std::string& value) {
  if (!value.empty()) {
    values_[scope][key] = value;
    return;
  }
  values_[scope].erase(key);
  if (values_[scope].empty()) values_.erase(scope);
}

std::string Settings::own(const std::string& scope, const std::string& key) const {
  const auto values = values_.find(scope);
  if (values == values_.end()) return "";
  const auto value = values->second.find(key);
  return value == values->second.end() ? "" : value->second;
}

std::string Settings::get(const std::string& scope, const std::string& key) const {
  for (const auto& asked : {scope, std::string(kGlobal)}) {
    const std::string value = own(asked, key);
    if (!value.empty()) return value;
  }
  return find_property(key)->default_value;
}

void Settings::copy_scope(const std::string& from, const std::string& to) {
  const auto values = values_.find(from);
  if (values != values_.end()) values_[to] = values->second;
}

void Settings::drop_scope(const std::string& scope) { values_.erase(scope); }

KeepRules Settings::keep_rules(const std::string& source, const std::string& trigger) const {
  const std::string key = "keep-" + trigger;
  return KeepRules::parse(get(source, find_property(key) == nullptr ? "keep-manual" : key));
}

bool Settings::knows(const Source& source) const {
  return !source.is_path() || paths.contains(source.spelling()) ||
         std::any_of(schedules.begin(), schedules.end(),
                     [&](const Schedule& schedule) { return schedule.source == source; });
}

const Schedule* Settings::find_schedule(const Source& source, const std::string& id) const {
  for (const auto& schedule : schedules)
    if (schedule.source.text() == source.text() && schedule.id == id) return &schedule;
  return nullptr;
}

Codec Settings::compression(const std::string& source) const {
  return parse_codec(get(source, "compression")).value();
}

std::int64_t Settings::seconds(const std::string& source, const std::string& key) const {
  return parse_duration(get(source, key)).value();
}

std::uint64_t Settings::percent(const std::string& source, const std::string& key) const {
  const std::string value = get(source, key);
  return static_cast<std::uint64_t>(parse_number(value.substr(0, value.size() - 1)).value());
}

std::uint64_t Settings::disk_reserve(const std::string& source, std::uint64_t total) const {
  std::string value = get(source, "disk-reserve");
  if (value.empty()) value = default_reserve(total);
  if (!value.ends_with('%')) return parse_size(value).value();
  const auto percent = parse_number(value.substr(0, value.size() - 1)).value();
  return total / 100 * static_cast<std::uint64_t>(percent);
}

std::vector<std::string> Settings::uses_of(const std::string& target) const {
  std::vector<std::string> uses;
  for (const auto& [scope, values] : values_) {
    const auto named = values.find("targets");
    if (named == values.end()) continue;
    const auto list = parse_target_list(named->second);
    if (std::find(list.begin(), list.end(), target) != list.end())
      uses.push_back("targets of " + scope);
  }
  for (const auto& schedule : schedules)
    if (std::find(schedule.targets.begin(), schedule.targets.end(), target) !=
        schedule.targets.end())
      uses.push_back("schedule " + schedule.id + " of " + schedule.source.text());
  return uses;
}

}  // namespace backups
