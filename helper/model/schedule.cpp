#include "model/schedule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/cron.hpp"
#include "model/settings.hpp"
#include "model/target.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

void check(const Schedule& schedule) {
  if (!valid_type(schedule.source.type) || !valid_name(schedule.source.name) ||
      !valid_schedule_id(schedule.id))
    throw Error(ErrorKind::kBadInput, "invalid source or schedule name");
  Cron::parse(schedule.cron);
}

/// Runs `work`, which may throw for a value of a newer version, and then names that value in
/// `unclear`.
template <typename Read>
void attempt(Schedule& schedule, const std::string& otherwise, const Read& read) {
  try {
    read();
  } catch (const std::exception&) {
    schedule.unclear += (schedule.unclear.empty() ? "" : "; ") + otherwise;
  }
}

std::string text_of(const Json& json, const char* key) {
  if (!json.is_object()) throw Error(ErrorKind::kDamaged, "it is not a JSON object");
  const auto found = json.find(key);
  if (found != json.end() && found->is_string()) return found->get<std::string>();
  throw Error(ErrorKind::kDamaged, std::string("its '") + key + "' " +
                                       (found == json.end() ? "is missing" : "is not a string"));
}

void read_targets(Schedule& schedule, const Json& json) {
  for (const auto& target : json.at("targets").get_ref<const Json::array_t&>()) {
    const auto names = parse_target_list(target.get<std::string>());
    schedule.targets.insert(schedule.targets.end(), names.begin(), names.end());
  }
}

void read_keep_on(Schedule& schedule, const Json& json) {
  for (const auto& [target, rules] : json.at("keep_on").items()) {
    schedule.keep_on[target] =
        KeepRules();  // nothing is removed there until the rules are understood
    schedule.keep_on[target] = KeepRules::parse(rules.get<std::string>());
  }
}

void read_details(Schedule& schedule, const Json& json) {
  attempt(schedule, "its time zone is not valid", [&] { schedule.timezone = json.at("timezone"); });
  attempt(schedule, "some of its targets are not valid", [&] { read_targets(schedule, json); });
  schedule.keep = KeepRules();
  attempt(schedule, "its retention rules are not valid, so none of its backups is removed",
          [&] { schedule.keep = KeepRules::parse(json.at("keep").get<std::string>()); });
  attempt(schedule, "some of its rules for targets are not valid, so nothing is removed there",
          [&] { read_keep_on(schedule, json); });
  attempt(schedule, "its paused state is not valid, so it runs",
          [&] { schedule.paused = json.at("paused"); });
  attempt(schedule, "the time of its creation is not valid",
          [&] { schedule.since = parse_rfc3339(json.at("since").get<std::string>()).value(); });
}

Json members_to_json(const Schedule& schedule) {
  Json keep_on = Json::object();
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

Json schedule_to_json(const Schedule& schedule) {
  auto json = members_to_json(schedule);
  if (schedule.verbatim.empty()) return json;
  auto verbatim = Json::parse(schedule.verbatim);
  for (const char* changed : {"paused", "since"}) verbatim[changed] = json[changed];
  return verbatim;
}

Schedule schedule_from_json(const Json& json) {
  try {
    Schedule schedule;
    schedule.source = {text_of(json, "type"), text_of(json, "name"), text_of(json, "address")};
    schedule.id = text_of(json, "id");
    schedule.cron = text_of(json, "cron");
    check(schedule);
    read_details(schedule, json);
    if (members_to_json(schedule) != json) schedule.verbatim = json.dump();
    return schedule;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kDamaged, error.what());
  }
}

std::string time_zone(const Settings& settings) {
  const std::string own = settings.get(Settings::kGlobal, "timezone");
  return own.empty() ? Zone::host() : own;
}

const Zone& zone_of(const Schedule& schedule) {
  static std::map<std::string, Zone> zones;  // a cache, since loading takes time
  const std::string& name = schedule.timezone;
  return zones.try_emplace(name, Zone::is_known(name) ? name : Zone::host()).first->second;
}

}  // namespace backups
