#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/retention.hpp"
#include "model/source.hpp"
#include "sys/clock.hpp"
#include "sys/zone.hpp"

namespace backups {

class Settings;

/// When a source is backed up, to which targets, and how long the backups are kept. A plain value.
struct Schedule {
  Source source;
  std::string id;                    ///< unique per source: "daily"
  std::string cron;                  ///< Cron::text()
  std::string timezone;              ///< IANA
  std::vector<std::string> targets;  ///< empty: the targets of the source
  KeepRules keep = default_keep();
  std::map<std::string, KeepRules> keep_on;  ///< rules for single targets, instead of `keep`
  std::string paused;                        ///< why it is paused, for a person; empty if it is not
  Time since = 0;                            ///< when it was set; earlier times were not missed
  std::string unclear;   ///< which parts are not understood and what applies instead, for a person
  std::string verbatim;  ///< its JSON, if it contains more than the members

  /// A unique text: "postgres:my-db daily".
  std::string text() const { return source.text() + " " + id; }
  /// Resumes it from `time` on. What was missed while it was paused is not made up for.
  void resume(Time time);
  const KeepRules& keep_at(const std::string& target) const;

  static KeepRules default_keep();
  bool operator==(const Schedule&) const = default;
};

/// The time zone for times without one: the property `timezone`, or the host's.
std::string time_zone(const Settings& settings);

/// The time zone of a schedule; if this host does not know it, the host's.
const Zone& zone_of(const Schedule& schedule);

/// True for at most 40 lower-case letters, digits and dashes that begin with a letter.
bool valid_schedule_id(std::string_view id);

nlohmann::ordered_json schedule_to_json(const Schedule& schedule);

/// Parses a schedule. Optional parts that are not understood are left out and named in `unclear`;
/// retention rules that are not understood remove nothing. Throws Error, kDamaged, for a schedule
/// that cannot run.
Schedule schedule_from_json(const nlohmann::ordered_json& json);

}  // namespace backups
