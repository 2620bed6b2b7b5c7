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

/// When a source is backed up, where to, and how long that stays. A plain value.
struct Schedule {
  Source source;
  std::string id;                    ///< unique per source: "daily"
  std::string cron;                  ///< Cron::text()
  std::string timezone;              ///< IANA
  std::vector<std::string> targets;  ///< empty: those of the source
  KeepRules keep = default_keep();
  std::map<std::string, KeepRules> keep_on;  ///< by target, instead of `keep`
  std::string paused;                        ///< why it waits, for a person; empty: it does not
  Time since = 0;                            ///< when it was set: what came before was not missed
  std::string unclear;   ///< what of it can't be understood and what holds instead, for a person
  std::string verbatim;  ///< its JSON, where there is more in it than the members tell

  /// "postgres:my-db daily", which is unique.
  std::string text() const { return source.text() + " " + id; }
  /// From `time` on; what was missed meanwhile is not caught up with.
  void resume(Time time);
  const KeepRules& keep_at(const std::string& target) const;

  static KeepRules default_keep();
  bool operator==(const Schedule&) const = default;
};

/// The zone that a time without one is meant in: the property `timezone`, or the host's.
std::string time_zone(const Settings& settings);

/// That of a schedule or, where this host does not know it, the host's.
const Zone& zone_of(const Schedule& schedule);

/// Lower-case letters, digits and dashes, beginning with a letter; at most 40.
bool valid_schedule_id(std::string_view id);

nlohmann::ordered_json schedule_to_json(const Schedule& schedule);

/// What is not needed to run it and can't be understood is left out, and said in `unclear`: without
/// the rules of a newer version nothing that it made is removed. Throws Error, kDamaged, for what
/// can't run.
Schedule schedule_from_json(const nlohmann::ordered_json& json);

}  // namespace backups
