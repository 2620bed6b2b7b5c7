#include "model/settings.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "model/target.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kMaxReserve = 2ULL << 30;

std::string default_reserve(std::uint64_t total) {
  return std::to_string(std::min(total / 10, kMaxReserve));
}

}  // namespace

void Settings::set(const std::string& scope, const std::string& key, const std::string& value) {
  forget_unclear({"properties", scope, key});
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
  const Property& property = *find_property(key);
  for (const auto& each : {scope, std::string(kGlobal)}) {
    const std::string value = own(each, key);
    if (!value.empty() && property.valid(value)) return value;
  }
  return property.default_value;
}

void Settings::copy_scope(const std::string& from, const std::string& to) {
  const auto values = values_.find(from);
  if (values != values_.end()) values_[to] = values->second;
}

void Settings::drop_scope(const std::string& scope) {
  values_.erase(scope);
  forget_unclear({"properties", scope});
}

KeepRules Settings::keep_rules(const std::string& source, const std::string& trigger) const {
  const std::string key = "keep-" + trigger;
  const Property& property = *find_property(find_property(key) == nullptr ? "keep-manual" : key);
  // Invalid rules remove nothing: the defaults might remove more than the rules allow.
  for (const auto& scope : {source, std::string(kGlobal)})
    if (const std::string rules = own(scope, property.name); !rules.empty())
      return property.valid(rules) ? KeepRules::parse(rules) : KeepRules();
  return KeepRules::parse(property.default_value);
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

Encoding Settings::compression(const std::string& source) const {
  return parse_encoding(get(source, "compression")).value();
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
    if (named == values.end() || !find_property("targets")->valid(named->second)) continue;
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
