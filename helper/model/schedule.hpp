#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/retention.hpp"
#include "model/source.hpp"
#include "sys/clock.hpp"

namespace backups {

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

  /// "postgres:my-db daily", which is unique.
  std::string text() const { return source.text() + " " + id; }
  /// From `time` on; what was missed meanwhile is not caught up with.
  void resume(Time time);
  const KeepRules& keep_at(const std::string& target) const;

  static KeepRules default_keep();
  bool operator==(const Schedule&) const = default;
};

/// Lower-case letters, digits and dashes, beginning with a letter; at most 40.
bool valid_schedule_id(std::string_view id);

nlohmann::ordered_json schedule_to_json(const Schedule& schedule);

/// Throws Error, kDamaged.
Schedule schedule_from_json(const nlohmann::json& json);

}  // namespace backups
