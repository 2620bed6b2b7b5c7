#include "model/schedule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/cron.hpp"
#include "model/target.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

void check(const Schedule& schedule) {
  if (!valid_type(schedule.source.type) || !valid_name(schedule.source.name) ||
      !valid_schedule_id(schedule.id))
    throw Error(ErrorKind::kBadInput, "its names are none");
  Cron::parse(schedule.cron);
  for (const auto& target : schedule.targets) parse_target_list(target);
}

}  // namespace

KeepRules Schedule::default_keep() {
  KeepRules rules;
  rules.last = 7;
  rules.daily = 7;
  rules.weekly = 4;
  return rules;
}

void Schedule::resume(Time time) {
  paused.clear();
  since = time;
}

const KeepRules& Schedule::keep_at(const std::string& target) const {
  const auto found = keep_on.find(target);
  return found == keep_on.end() ? keep : found->second;
}

bool valid_schedule_id(std::string_view id) {
  return !id.empty() && id.size() <= 40 && id.front() >= 'a' && id.front() <= 'z' &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

nlohmann::ordered_json schedule_to_json(const Schedule& schedule) {
  nlohmann::ordered_json keep_on = nlohmann::ordered_json::object();
  for (const auto& [target, rules] : schedule.keep_on) keep_on[target] = rules.to_text();
  return {{"type", schedule.source.type},
          {"name", schedule.source.name},
          {"address", schedule.source.address},
          {"id", schedule.id},
          {"cron", schedule.cron},
          {"timezone", schedule.timezone},
          {"targets", schedule.targets},
          {"keep", schedule.keep.to_text()},
          {"keep_on", keep_on},
          {"paused", schedule.paused},
          {"since", rfc3339(schedule.since)}};
}

Schedule schedule_from_json(const nlohmann::json& json) {
  try {
    Schedule schedule;
    schedule.source = {json.at("type"), json.at("name"), json.at("address")};
    schedule.id = json.at("id");
    schedule.cron = json.at("cron");
    schedule.timezone = json.at("timezone");
    schedule.targets = json.at("targets").get<std::vector<std::string>>();
    schedule.keep = KeepRules::parse(json.at("keep"));
    for (const auto& [target, rules] : json.at("keep_on").items())
      schedule.keep_on[target] = KeepRules::parse(rules.get<std::string>());
    schedule.paused = json.at("paused");
    schedule.since = parse_rfc3339(json.at("since").get<std::string>()).value();
    check(schedule);
    return schedule;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("settings.json: a schedule: ") + error.what());
  }
}

}  // namespace backups
