#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

/// Which backups are kept, by count and age. A plain value.
struct KeepRules {
  std::int64_t last = 0;     ///< this many of the newest
  std::int64_t hourly = 0;   ///< the newest of each of this many hours that have a backup
  std::int64_t daily = 0;    ///< likewise of each day
  std::int64_t weekly = 0;   ///< of each ISO 8601 week
  std::int64_t monthly = 0;  ///< of each month
  std::int64_t yearly = 0;   ///< of each year
  std::int64_t within = 0;   ///< all that are not older than this many seconds

  /// Parses "last=7,daily=7,weekly=4,within=30d". Throws Error, kBadInput, also for rules that keep
  /// nothing.
  static KeepRules parse(const std::string& text);
  /// Returns that form: what is not 0, in the order of the members.
  std::string to_text() const;

  bool operator==(const KeepRules&) const = default;
};

/// A local date and hour.
struct CivilTime {
  int year, month, day, hour;
};

/// A copy of a backup on a target. The members that describe the backup are the same in all its
/// copies. A target has at most one copy of a backup.
struct RetentionItem {
  std::string id;      ///< of the backup
  std::string group;   ///< what made it, such as "schedule daily"; each group is counted separately
  std::string target;  ///< where the copy is; each target is counted separately
  std::int64_t sequence = 0;  ///< orders backups; if equal, `at` does
  Time at = 0;                ///< when the backup began
  bool good = false;          ///< a successful backup whose copy here is intact
  bool pinned = false;
  bool suspect = false;
  bool safety_or_final =
      false;  ///< a safety or final backup, which does not describe the current service
  std::optional<Time> locked_until;     ///< Object Lock
  std::optional<Time> protected_until;  ///< of the last backup from before an open collapse
};

/// The state of the clock.
struct Clock {
  Time now = 0;
  bool leapt = false;  ///< it recently jumped far ahead, and may be wrong
};

struct Verdict {
  bool keep = true;
  std::string reason;  ///< for a person, without a full stop
};

/// Returns the rules of a group on a target. If all are 0, there are none, and nothing of the group
/// is removed.
using RulesOf = std::function<KeepRules(const std::string& group, const std::string& target)>;
/// Converts to local time in the time zone of the group's schedule.
using CivilOf = std::function<CivilTime(const std::string& group, Time)>;

/// Decides which copies of one source to keep; result i is for items[i]. The order of the items
/// does not matter, since their sequence numbers tell which is newer.
///
/// The clock is not trusted. While one of the items is dated later than now, only the rule `last`
/// removes anything. After the clock jumped ahead, `within` removes nothing. An item that followed
/// one that is young enough counts as young too.
///
/// Good copies that are not suspect are kept by the rules, and only they are counted. Suspect ones
/// are kept until a good backup follows, then only by `within`. Damaged ones are kept until a newer
/// good copy of their group is on their target.
///
/// Never removed are: what is pinned or locked, the source's newest good backup (neither suspect
/// nor a safety or final one), the last backup from before a collapse, and, while the newest backup
/// is suspect, anything at all.
std::vector<Verdict> retain(const std::vector<RetentionItem>& items, const RulesOf& rules_of,
                            const CivilOf& civil_of, const Clock& clock);

}  // namespace backups
