#include "model/settings.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/alert.hpp"
#include "model/target.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

constexpr int kFormat = 1;
constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;

/// A number and at most one letter of `units`, each of which multiplies by its factor.
std::optional<std::int64_t> parse_with_unit(const std::string& text,
                                            const std::map<char, std::int64_t>& units) {
  const auto unit = text.empty() ? units.end() : units.find(text.back());
  const std::int64_t factor = unit == units.end() ? 1 : unit->second;
  const auto number = parse_number(unit == units.end() ? text : text.substr(0, text.size() - 1));
  if (!number || *number < 0 || *number > INT64_MAX / factor) return std::nullopt;
  return *number * factor;
}

bool is_codec(const std::string& value) { return parse_codec(value).has_value(); }

bool is_duration(const std::string& value) {
  const auto seconds = parse_duration(value);
  return seconds && *seconds >= 1 && *seconds <= 7 * 86400;
}

bool is_reserve(const std::string& value) {
  if (!value.ends_with('%')) return parse_size(value).has_value();
  const auto percent = parse_number(value.substr(0, value.size() - 1));
  return percent && *percent >= 0 && *percent <= 90;
}

bool is_target_list(const std::string& value) {
  try {
    return !parse_target_list(value).empty();
  } catch (const Error&) {
    return false;
  }
}

bool is_keep(const std::string& value) {
  try {
    KeepRules::parse(value);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_percent(const std::string& value) {
  const auto percent =
      value.ends_with('%') ? parse_number(value.substr(0, value.size() - 1)) : std::nullopt;
  return percent && *percent >= 0 && *percent <= 100;
}

template <const char*... kWords>
bool is_word(const std::string& value) {
  return ((value == kWords) || ...);
}
constexpr char kTrue[] = "true", kFalse[] = "false", kOn[] = "on", kOff[] = "off",
               kRequire[] = "require", kAbort[] = "abort", kWarn[] = "warn";

bool is_parallel(const std::string& value) {
  const auto number = parse_number(value);
  return number && *number >= 1 && *number <= 16;
}

bool is_zone(const std::string& value) {
  try {
    const Zone zone(value);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// One that can be sent as it stands: no blank, control character or fragment.
bool is_url(const std::string& value) {
  for (const std::string scheme : {"https://", "http://"}) {
    if (!value.starts_with(scheme)) continue;
    const std::string rest = value.substr(scheme.size());
    return !rest.empty() && rest[0] != '/' && rest[0] != '?' &&
           std::all_of(rest.begin(), rest.end(),
                       [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '"'; });
  }
  return false;
}

bool is_webhook_format(const std::string& value) {
  return value == "json" || value == "slack" || value == "discord" || value == "ntfy";
}

bool is_address(const std::string& value) {
  return valid_addresses(value) && value.find(',') == std::string::npos;
}

bool is_path(const std::string& value) {
  return value.starts_with('/') && !value.ends_with('/') && printable(value) == value;
}

std::string default_reserve(std::uint64_t total) {
  return std::to_string(std::min(total / 10, 2 * kGiB));
}

}  // namespace

const std::vector<Property>& properties() {
  using P = Property;
  constexpr const char* kKeep = "rules as last=7,daily=7,weekly=4,monthly=12,within=30d";
  constexpr const char* kTime = "a time from 1s to 7d, as 90s, 10m, 2h";
  static const std::vector<Property> kProperties = {
      {"before-deploy", "false", "true or false", is_word<kTrue, kFalse>, P::kOfApps},
      {"before-deploy-failure", "abort", "abort or warn", is_word<kAbort, kWarn>, P::kOfApps},
      {"before-deploy-max-age", "10m", kTime, is_duration, P::kOfApps},
      {"before-deploy-timeout", "30m", kTime, is_duration, P::kOfApps},
      {"compression", "zstd", "none, gzip, zstd, or a level as in zstd:9", is_codec},
      {"disk-reserve", "", "a size to leave free, as 5G or 10%", is_reserve},
      {"final-backup", "on", "on, off or require", is_word<kOn, kOff, kRequire>},
      {"keep-deploy", "last=5,within=7d", kKeep, is_keep},
      {"keep-final", "last=3,within=90d", kKeep, is_keep},
      {"keep-manual", "last=20,within=90d", kKeep, is_keep},
      {"keep-safety", "last=3,within=7d", kKeep, is_keep},
      {"max-parallel", "1", "a number from 1 to 16", is_parallel, P::kGlobalOnly},
      {"suspect-below", "50%", "from 0% (never suspect) to 100% of the one before", is_percent},
      {"timezone", "", "a name as Europe/Berlin", is_zone, P::kGlobalOnly},
      {"targets", "local", "names of targets, as local,offsite", is_target_list},
      {"silence-timeout", "10m", kTime, is_duration},
      {"start-timeout", "30m", kTime, is_duration},
      {"notify-webhook", "", "a URL (- reads it from stdin)", is_url, P::kGlobalOnly | P::kSecret},
      {"notify-webhook-format", "json", "json, slack, discord or ntfy", is_webhook_format,
       P::kGlobalOnly},
      {"notify-mail", "", "addresses, as ann@example.com,root", valid_addresses, P::kGlobalOnly},
      {"notify-mail-from", "", "an address", is_address, P::kGlobalOnly},
      {"notify-ping", "", "the URL of a dead man's switch (- reads it from stdin)", is_url,
       P::kGlobalOnly | P::kSecret},
      {"notify-command", "", "the path of a program", is_path, P::kGlobalOnly | P::kShellOnly},
      {"notify-on", "failure,recovery,suspect,partial,silence",
       "some of failure,recovery,suspect,partial,silence",
       [](const std::string& value) { return parse_alert_kinds(value).has_value(); },
       P::kGlobalOnly},
      {"notify-every", "1d", "a time from 1s to 7d, as 6h", is_duration, P::kGlobalOnly},
      {"metrics-file", "", "the path of a file, as /var/lib/node_exporter/backups.prom", is_path,
       P::kGlobalOnly | P::kShellOnly},
  };
  return kProperties;
}

std::string Property::shown(const std::string& value) const {
  return is(kSecret) && !value.empty() ? "*******" : printable(value);
}

const Property* find_property(const std::string& name) {
  for (const auto& property : properties())
    if (name == property.name) return &property;
  return nullptr;
}

namespace {

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

}  // namespace

Settings Settings::parse(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    Settings settings;
    settings.values_ = json.value("properties", settings.values_);
    settings.targets = json.value("targets", settings.targets);
    settings.pins = json.value("pins", settings.pins);
    settings.accepted = json.value("accepted", settings.accepted);
    if (json.contains("schedules"))
      for (const auto& schedule : json["schedules"])
        settings.schedules.push_back(schedule_from_json(schedule));
    settings.host_id = json.value("host_id", "");
    check_format(json.value("format", kFormat));
    for (const auto& [scope, values] : settings.values_) check_values(scope, values);
    check_targets(settings.targets);
    return settings;
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("settings.json cannot be read: ") + error.what());
  }
}

std::string Settings::to_text() const {
  nlohmann::ordered_json json = {{"format", kFormat}, {"host_id", host_id}, {"pins", pins}};
  if (!targets.empty()) json["targets"] = targets;
  for (const auto& schedule : schedules) json["schedules"].push_back(schedule_to_json(schedule));
  if (!accepted.empty()) json["accepted"] = accepted;
  json["properties"] = values_;
  return json.dump(2) + "\n";
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

std::optional<std::int64_t> parse_duration(const std::string& text) {
  return parse_with_unit(text, {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}});
}

std::optional<std::uint64_t> parse_size(const std::string& text) {
  const auto bytes =
      parse_with_unit(text, {{'K', 1024}, {'M', 1024 * 1024}, {'G', kGiB}, {'T', 1024 * kGiB}});
  if (!bytes) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

}  // namespace backups
