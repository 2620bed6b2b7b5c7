#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>

#include "model/retention.hpp"
#include "support/civil.hpp"

namespace backups {
namespace {

constexpr unsigned kHistories = 3000;
constexpr Time kNow = 1778846400;  // Friday 2026-05-15 12:00 UTC
constexpr Time kHour = 3600;
constexpr Time kDay = 24 * kHour;

using Items = std::vector<RetentionItem>;

/// A random history of one source.
struct History {
  Items items;
  std::map<std::pair<std::string, std::string>, KeepRules> rules;  ///< by group and target
};

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end));
  }
  bool percent(int chance) { return below(100) < chance; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::int64_t>(values.size()))];
  }
  template <typename List>
  void shuffle(List& list) {
    std::shuffle(list.begin(), list.end(), random_);
  }

 private:
  std::mt19937 random_;
};

constexpr std::array<std::int64_t KeepRules::*, 6> kCounts = {
    &KeepRules::last,   &KeepRules::hourly,  &KeepRules::daily,
    &KeepRules::weekly, &KeepRules::monthly, &KeepRules::yearly};

KeepRules random_rules(Dice& dice) {
  KeepRules rules;
  for (const auto count : kCounts)
    if (dice.percent(40)) rules.*count = 1 + dice.below(5);
  if (dice.percent(30)) rules.within = dice.one_of({kHour, kDay, 30 * kDay, 400 * kDay});
  return rules;
}

Time random_gap(Dice& dice) {
  return dice.below(dice.one_of<Time>({1, 60, kHour, 6 * kHour, kDay, 9 * kDay, 70 * kDay}) + 1);
}

/// Adds a backup and its copies. The order of ids is not that of times.
void add_backup(Items& items, Time at, Dice& dice, const std::vector<std::string>& targets) {
  RetentionItem backup;
  backup.id = std::to_string(dice.below(90) + 10) + "-" + std::to_string(items.size());
  backup.group =
      dice.one_of<const char*>({"schedule hourly", "schedule hourly", "manual", "safety"});
  backup.at = at;
  backup.pinned = dice.percent(5);
  backup.suspect = dice.percent(12);
  backup.safety_or_final = dice.percent(backup.group == "safety" ? 90 : 5);
  for (const auto& target : targets) {
    if (dice.percent(30)) continue;
    backup.target = target;
    backup.good = dice.percent(85);
    backup.locked_until.reset();
    if (dice.percent(6)) backup.locked_until = kNow + dice.one_of<Time>({-kDay, 0, 1, kDay});
    items.push_back(backup);
  }
}

History random_history(unsigned seed) {
  Dice dice(seed);
  History history;
  std::vector<std::string> targets = {"local", "offsite", "far"};
  targets.resize(1 + static_cast<std::size_t>(dice.below(3)));
  Time at = kNow + (dice.percent(10) ? kDay : 0);
  for (auto left = dice.below(40); left > 0; --left)
    add_backup(history.items, at -= random_gap(dice), dice, targets);
  for (const auto& item : history.items) history.rules[{item.group, item.target}] = {};
  for (auto& [where, rules] : history.rules)
    if (dice.percent(95)) rules = random_rules(dice);
  dice.shuffle(history.items);
  return history;
}

Time zone_of(const std::string& group) {
  if (group == "manual") return 5 * kHour + kHour / 2;
  return group == "safety" ? -11 * kHour : 0;
}

std::vector<Verdict> retain(const History& history) {
  return backups::retain(
      history.items,
      [&](const auto& group, const auto& target) {
        return history.rules.at({group, target});
      },
      [](const auto& group, Time time) { return tests::utc_civil(group, time + zone_of(group)); },
      {kNow});
}

Items kept(const History& history) {
  const auto verdicts = retain(history);
  Items items;
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (verdicts[i].keep) items.push_back(history.items[i]);
  return items;
}

bool newer(const RetentionItem& a, const RetentionItem& b) {
  return a.at > b.at || (a.at == b.at && a.id > b.id);
}
bool counts(const RetentionItem& item) { return item.good && !item.suspect; }
bool locked(const RetentionItem& item) { return item.locked_until && *item.locked_until > kNow; }
bool same_place(const RetentionItem& a, const RetentionItem& b) {
  return a.group == b.group && a.target == b.target;
}

// A second implementation of the rules, which evaluates one copy at a time and is as close to their
// wording as possible.

/// The good copies of the same group on the same target that are newer than `item`.
Items counted_before(const Items& items, const RetentionItem& item) {
  Items before;
  for (const auto& other : items)
    if (same_place(other, item) && counts(other) && newer(other, item)) before.push_back(other);
  return before;
}

bool held_by_period(const char* pattern, std::int64_t count, const Items& before,
                    const RetentionItem& item) {
  if (count == 0) return false;
  const auto period = [&](const auto& of) {
    return tests::utc_text(pattern, of.at + zone_of(of.group));
  };
  std::set<std::string> periods;
  for (const auto& other : before) periods.insert(period(other));
  return std::ssize(periods) < count && !periods.contains(period(item));
}

bool held_by_within(const KeepRules& rules, const RetentionItem& item) {
  return rules.within > 0 && kNow - item.at <= rules.within;
}

bool held_by_rules(const KeepRules& rules, const Items& before, const RetentionItem& item) {
  return std::ssize(before) < rules.last ||
         held_by_period("%Y-%m-%d %H", rules.hourly, before, item) ||
         held_by_period("%Y-%m-%d", rules.daily, before, item) ||
         held_by_period("%G-%V", rules.weekly, before, item) ||
         held_by_period("%Y-%m", rules.monthly, before, item) ||
         held_by_period("%Y", rules.yearly, before, item) || held_by_within(rules, item);
}

/// The newest good copy that is neither of a safety nor of a final backup, suspect or not; nothing
/// if there is none.
std::optional<RetentionItem> newest_of(const Items& items) {
  std::optional<RetentionItem> newest;
  for (const auto& item : items)
    if (item.good && !item.safety_or_final && (!newest || newer(item, *newest))) newest = item;
  return newest;
}

bool clock_is_behind(const Items& items) {
  return std::any_of(items.begin(), items.end(),
                     [](const auto& item) { return item.at > kNow + 60; });
}

bool only_by_number(const KeepRules& rules) { return rules == KeepRules{.last = rules.last}; }

bool must_stay(const History& history, const RetentionItem& item) {
  const auto& rules = history.rules.at({item.group, item.target});
  const bool behind = clock_is_behind(history.items);
  const auto newest = newest_of(history.items);
  if (item.pinned || locked(item) || rules == KeepRules{}) return true;
  if (newest && newest->suspect) return true;
  const Items before = counted_before(history.items, item);
  if (!item.good) return before.empty();
  if (newest && newest->id == item.id) return true;
  if (!item.suspect)
    return held_by_rules(rules, before, item) || (behind && !only_by_number(rules));
  return !newest || newer(item, *newest) || held_by_within(rules, item) ||
         (behind && rules.within > 0);
}

std::string describe(const RetentionItem& item, const History& history) {
  return item.id + " of " + item.group + " on " + item.target + " at " +
         tests::utc_text("%F %T", item.at) + (item.good ? "" : " damaged") +
         (item.suspect ? " suspect" : "") + (item.safety_or_final ? " safety-or-final" : "") +
         ", rules " + history.rules.at({item.group, item.target}).to_text();
}

std::set<std::string> names(const Items& items) {
  std::set<std::string> names;
  for (const auto& item : items) names.insert(item.id + "@" + item.target);
  return names;
}

TEST(AnyHistory, KeepsWhatARuleHoldsAndNothingElse) {
  std::size_t stayed = 0, went = 0;
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    const History history = random_history(seed);
    const auto verdicts = retain(history);
    ASSERT_EQ(verdicts.size(), history.items.size());
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const auto& item = history.items[i];
      ASSERT_EQ(verdicts[i].keep, must_stay(history, item))
          << "seed " << seed << ": " << describe(item, history) << ": " << verdicts[i].reason;
      ASSERT_FALSE(verdicts[i].reason.empty()) << describe(item, history);
      ++(verdicts[i].keep ? stayed : went);
    }
  }
  EXPECT_GT(stayed, 10 * kHistories) << "the histories are too poor";
  EXPECT_GT(went, 5 * kHistories);
}

TEST(AnyHistory, LosesNothingThatIsPinnedOrLocked) {
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    const History history = random_history(seed);
    const auto left = names(kept(history));
    for (const auto& item : history.items)
      if (item.pinned || locked(item))
        ASSERT_TRUE(left.contains(item.id + "@" + item.target)) << "seed " << seed;
  }
}

TEST(AnyHistory, KeepsItsLastGoodBackupOnEveryTargetThatHasIt) {
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    const History history = random_history(seed);
    const auto is_good = [](const auto& item) { return counts(item) && !item.safety_or_final; };
    Items good;
    std::copy_if(history.items.begin(), history.items.end(), std::back_inserter(good), is_good);
    if (good.empty()) continue;
    const auto last = std::min_element(good.begin(), good.end(), newer)->id;
    const auto left = names(kept(history));
    for (const auto& item : good)
      if (item.id == last) ASSERT_TRUE(left.contains(last + "@" + item.target)) << "seed " << seed;
  }
}

TEST(AnyHistory, LosesNothingWhileItsNewestBackupIsSuspect) {
  unsigned frozen = 0;
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    const History history = random_history(seed);
    const auto newest = newest_of(history.items);
    if (!newest || !newest->suspect) continue;
    ASSERT_EQ(kept(history).size(), history.items.size()) << "seed " << seed;
    ++frozen;
  }
  EXPECT_GT(frozen, kHistories / 20);
}

TEST(AnyHistory, LosesNothingMoreTheSecondTime) {
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    History history = random_history(seed);
    if (clock_is_behind(history.items)) continue;  // until what is ahead is gone
    history.items = kept(history);
    ASSERT_EQ(kept(history).size(), history.items.size()) << "seed " << seed;
  }
}

TEST(AnyHistory, MayBeToldInAnyOrder) {
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    History history = random_history(seed);
    std::map<std::string, std::string> reasons;
    const auto verdicts = retain(history);
    for (std::size_t i = 0; i < verdicts.size(); ++i)
      reasons[history.items[i].id + "@" + history.items[i].target] = verdicts[i].reason;
    Dice(seed + 1).shuffle(history.items);
    const auto again = retain(history);
    for (std::size_t i = 0; i < again.size(); ++i)
      ASSERT_EQ(again[i].reason, reasons[history.items[i].id + "@" + history.items[i].target])
          << "seed " << seed;
  }
}

TEST(AnyHistory, LosesNothingMoreToRulesThatKeepMore) {
  for (unsigned seed = 0; seed < kHistories; ++seed) {
    History history = random_history(seed);
    const auto before = names(kept(history));
    Dice dice(seed + kHistories);
    for (auto& [where, rules] : history.rules) {
      if (rules == KeepRules{}) continue;  // which is not to keep nothing, but to have no rules
      for (const auto count : kCounts) rules.*count += dice.one_of<std::int64_t>({0, 0, 1, 3});
      rules.within += dice.one_of<Time>({0, 0, kHour, 40 * kDay});
    }
    const auto after = names(kept(history));
    ASSERT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace backups
