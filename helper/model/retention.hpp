#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

/// How many backups stay, by age. A plain value.
struct KeepRules {
  std::int64_t last = 0;     ///< the newest ones
  std::int64_t hourly = 0;   ///< the newest one of each of so many hours that have one
  std::int64_t daily = 0;    ///< and so on: of each day
  std::int64_t weekly = 0;   ///< of each ISO week, which begins on Monday
  std::int64_t monthly = 0;  ///< of each month
  std::int64_t yearly = 0;   ///< of each year
  std::int64_t within = 0;   ///< everything that is not older than so many seconds

  /// "last=7,daily=7,weekly=4,within=30d". Throws Error, kBadInput: also for rules that keep
  /// nothing at all.
  static KeepRules parse(const std::string& text);
  /// The same form: what is not 0, in the order of the members.
  std::string to_text() const;

  bool operator==(const KeepRules&) const = default;
};

/// The wall clock of some place.
struct CivilTime {
  int year, month, day, hour;
};

/// A copy of a backup on a target. What it says of the backup is the same in all its copies; at
/// most one of them is on a target.
struct RetentionItem {
  std::string id;             ///< of the backup
  std::string group;          ///< what made it, as "schedule daily"; each is counted by itself
  std::string target;         ///< where this copy is; each is counted by itself
  std::int64_t sequence = 0;  ///< which of two is newer; where both have the same, their times
  Time at = 0;                ///< when the backup began
  bool good = false;          ///< a success with a sound copy here
  bool pinned = false;
  bool suspect = false;
  bool safety_or_final =
      false;  ///< of a service as it was (safety, final): no backup of the one there is now
  std::optional<Time> locked_until;    ///< Object Lock
  std::optional<Time> way_back_until;  ///< the last one from before a collapse that nobody accepted
};

/// What the clock shows.
struct Clock {
  Time now = 0;
  bool leapt = false;  ///< not long ago, far ahead: as of one that is wrong
};

struct Verdict {
  bool keep = true;
  std::string reason;  ///< for a person, without a full stop
};

/// The rules of a group on a target. All 0: none were ever given, and nothing of it is removed.
using RulesOf = std::function<KeepRules(const std::string& group, const std::string& target)>;
/// When it was, on the clock of the place that the group's schedule means.
using CivilOf = std::function<CivilTime(const std::string& group, Time)>;

/// Which copies of one source stay on their targets; result i is that of items[i]. The order of
/// the items does not matter: their sequence numbers tell which is newer.
///
/// A clock is no more than a hint: while one of the items is of a time that it has not come to,
/// nothing is removed by rules other than `last`; and by `within` nothing after it leapt, nor what
/// followed an item that is young enough.
///
/// Good copies that are not suspect stay while a rule holds them, and only they are counted.
/// Suspect ones stay while no good backup follows, then only by `within`; copies that are not good
/// until a newer good one of their group is on their target.
///
/// Never removed: what is pinned or locked, the source's newest good backup (neither suspect nor
/// a safety or final one), what is the way back from a collapse, and nothing at all while that
/// newest one is suspect.
std::vector<Verdict> retain(const std::vector<RetentionItem>& items, const RulesOf& rules_of,
                            const CivilOf& civil_of, const Clock& clock);

}  // namespace backups
