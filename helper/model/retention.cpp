#include "model/retention.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {
namespace {

constexpr std::int64_t kMaxCount = 100000;
constexpr const char* kExample = "last=7,daily=7,weekly=4,within=30d";

std::chrono::sys_days date_of(const CivilTime& time) {
  using namespace std::chrono;
  return year(time.year) / month(static_cast<unsigned>(time.month)) /
         day(static_cast<unsigned>(time.day));
}

std::int64_t day_number(const CivilTime& time) { return date_of(time).time_since_epoch().count(); }

std::int64_t hour_number(const CivilTime& time) { return day_number(time) * 24 + time.hour; }

std::int64_t week_number(const CivilTime& time) {
  const auto date = date_of(time);
  const auto monday = date - (std::chrono::weekday(date) - std::chrono::Monday);
  return monday.time_since_epoch().count();
}

std::int64_t month_number(const CivilTime& time) { return time.year * 12 + time.month; }

std::int64_t year_number(const CivilTime& time) { return time.year; }

/// A rule that keeps the newest backup of each of so many periods.
struct Rule {
  const char* name;
  std::int64_t KeepRules::*count;
  std::int64_t (*period)(
      const CivilTime&);  ///< the number of a period; null for `last`, where each backup is one
};

constexpr std::array<Rule, 6> kRules = {{{"last", &KeepRules::last, nullptr},
                                         {"hourly", &KeepRules::hourly, hour_number},
                                         {"daily", &KeepRules::daily, day_number},
                                         {"weekly", &KeepRules::weekly, week_number},
                                         {"monthly", &KeepRules::monthly, month_number},
                                         {"yearly", &KeepRules::yearly, year_number}}};

Error bad(const std::string& what) { return {ErrorKind::kBadInput, what}; }

std::int64_t KeepRules::*member(const std::string& name) {
  if (name == "within") return &KeepRules::within;
  for (const auto& rule : kRules)
    if (name == rule.name) return rule.count;
  throw bad(
      "'" + printable(name) +
      "' is not a rule: use last, hourly, daily, weekly, monthly, yearly or within, for example " +
      kExample);
}

std::int64_t parse_value(const std::string& name, const std::string& value) {
  const bool within = name == "within";
  const auto number = within ? parse_duration(value) : parse_number(value);
  if (number && (within ? *number >= 1 : *number >= 0 && *number <= kMaxCount)) return *number;
  throw bad(name + " takes " +
            (within ? "a time such as 30d, 12h, 90m"
                    : "a number from 0 to " + std::to_string(kMaxCount)) +
            ", not '" + printable(value) + "', for example " + kExample);
}

/// Formats seconds for parse_duration(), in the largest unit that is exact.
std::string duration_text(std::int64_t seconds) {
  if (seconds % 86400 == 0) return std::to_string(seconds / 86400) + "d";
  if (seconds % 3600 == 0) return std::to_string(seconds / 3600) + "h";
  if (seconds % 60 == 0) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds) + "s";
}

/// {"last=7", "daily=7"} for "=".
std::vector<std::string> counts(const KeepRules& rules, const char* between) {
  std::vector<std::string> parts;
  for (const auto& rule : kRules)
    if (rules.*rule.count > 0)
      parts.push_back(rule.name + (between + std::to_string(rules.*rule.count)));
  return parts;
}

}  // namespace

KeepRules KeepRules::parse(const std::string& text) {
  KeepRules rules;
  std::set<std::string> seen;
  for (const auto& word : split(text, ',')) {
    const auto equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    auto& value = rules.*member(name);
    if (!seen.insert(name).second) throw bad(name + " is given twice: '" + printable(text) + "'");
    value = parse_value(name, word.substr(std::min(equals + 1, word.size())));
  }
  if (rules == KeepRules{})
    throw bad("'" + printable(text) + "' would keep nothing at all: use, for example, " + kExample);
  return rules;
}

std::string KeepRules::to_text() const {
  auto parts = counts(*this, "=");
  if (within > 0) parts.push_back("within=" + duration_text(within));
  return join(parts, ",");
}

namespace {

bool is_newer(const RetentionItem& a, const RetentionItem& b) {
  return std::tie(a.sequence, a.at, a.id) > std::tie(b.sequence, b.at, b.id);
}

/// How far the clock can be trusted, considering the backups.
struct Trust {
  Clock clock;
  std::string ahead;  ///< the newest item that is dated later than now; empty if none is

  /// Why those of `rules` that depend on time remove nothing; empty if the clock is trusted.
  std::string doubt(const KeepRules& rules) const {
    KeepRules counted;
    counted.last = rules.last;
    if (!ahead.empty() && rules != counted)
      return "the clock is behind " + ahead + ", nothing is removed by age";
    if (clock.leapt && rules.within > 0)
      return "the clock jumped far ahead, nothing is removed by age for a day";
    return {};
  }
};

/// Judges the copies of one group on one target, the newest first.
class Group {
 public:
  Group(const KeepRules& rules, const CivilOf& civil_of, const Trust& trust)
      : rules_(rules), civil_of_(civil_of), now_(trust.clock.now), doubt_(trust.doubt(rules)) {
    auto words = counts(rules, " ");
    if (rules.within > 0) words.push_back(duration_text(rules.within));
    not_held_ = "not within " + join(words, ", ");
  }

  /// `at` is the time of the item or, if later, of an item before it.
  Verdict evaluate(const RetentionItem& item, Time at) {
    if (rules_ == KeepRules{}) return {true, "kept: there are no rules for " + item.group};
    if (!item.good) return evaluate_damaged();
    if (item.suspect) return evaluate_suspect(at);
    std::string held = held_by(item, at);
    if (held.empty()) held = doubt_;
    if (held.empty()) return {false, not_held_};
    return {true, "kept: " + std::move(held)};
  }

 private:
  Verdict evaluate_damaged() const {
    if (counted_ > 0) return {false, "damaged, and newer backups are good"};
    return {true, "damaged, and no newer backup is good"};
  }

  Verdict evaluate_suspect(Time at) const {
    if (is_within(at)) return {true, "suspect: within " + duration_text(rules_.within)};
    if (rules_.within > 0 && !doubt_.empty()) return {true, "suspect: " + doubt_};
    return {false, "suspect, and a newer backup is good"};
  }

  bool is_within(Time at) const { return rules_.within > 0 && at >= now_ - rules_.within; }

  /// The rules that keep the item, such as "last 2 of 7, daily 1 of 7", counted from the newest.
  /// Empty if none does.
  std::string held_by(const RetentionItem& item, Time at) {
    ++counted_;
    const CivilTime civil = civil_of_(item.group, item.at);
    std::string held;
    for (std::size_t i = 0; i < kRules.size(); ++i) {
      const auto count = rules_.*kRules[i].count;
      auto& periods = periods_[i];
      if (std::ssize(periods) >= count) continue;
      if (!periods.insert(kRules[i].period ? kRules[i].period(civil) : counted_).second) continue;
      if (!held.empty()) held += ", ";
      held.append(kRules[i].name).append(" ").append(std::to_string(periods.size()));
      held.append(" of ").append(std::to_string(count));
    }
    if (is_within(at))
      held += (held.empty() ? "within " : ", within ") + duration_text(rules_.within);
    return held;
  }

  const KeepRules rules_;
  const CivilOf& civil_of_;
  const Time now_;
  const std::string doubt_;
  std::string not_held_;
  std::int64_t counted_ = 0;
  /// The periods for which a rule has kept a backup. A set, since a clock that is set back returns
  /// to earlier ones.
  std::array<std::set<std::int64_t>, kRules.size()> periods_;
};

/// What matters across groups and targets.
struct SourceState {
  const RetentionItem* newest =
      nullptr;  ///< the newest good backup that is not a safety or final one; may be suspect
  bool only =
      true;  ///< it is the only good backup that is neither suspect nor a safety or final one
  Clock clock;
};

SourceState find_existing(const std::vector<RetentionItem>& items, const Clock& clock) {
  SourceState state{.clock = clock};
  for (const auto& item : items)
    if (item.good && !item.safety_or_final && (!state.newest || is_newer(item, *state.newest)))
      state.newest = &item;
  for (const auto& item : items)
    if (item.good && !item.safety_or_final && !item.suspect && item.id != state.newest->id)
      state.only = false;
  return state;
}

/// Why `item` is kept whatever the rules say; empty if they decide.
std::string stays_always(const RetentionItem& item, const SourceState& source) {
  if (item.pinned) return "pinned";
  if (item.locked_until && *item.locked_until > source.clock.now)
    return "locked until " + rfc3339(*item.locked_until);
  if (item.protected_until && (source.clock.leapt || *item.protected_until > source.clock.now))
    return "kept: the last backup from before the data shrank or was lost, until that is accepted "
           "or " +
           rfc3339(*item.protected_until).substr(0, 10);
  if (source.newest && source.newest->suspect)
    return "kept: " + source.newest->id +
           " is suspect, nothing is removed until it is accepted or a good backup follows";
  return {};
}

/// Why `item` is kept although no rule keeps it; empty if it is removed. The newest backup of the
/// source is not suspect here.
std::string stays_without_rule(const RetentionItem& item, const SourceState& source) {
  if (!item.good) return {};
  if (source.newest && item.id == source.newest->id)
    return source.only ? "the only good backup" : "the newest good backup";
  if (item.suspect && (!source.newest || is_newer(item, *source.newest)))
    return "suspect: no good backup follows it yet";
  return {};
}

std::string reason_to_stay(const RetentionItem& item, const Verdict& of_rules,
                           const SourceState& source) {
  const std::string always = stays_always(item, source);
  return always.empty() && !of_rules.keep ? stays_without_rule(item, source) : always;
}

std::vector<const RetentionItem*> newest_first(const std::vector<RetentionItem>& items) {
  std::vector<const RetentionItem*> order;
  order.reserve(items.size());
  for (const auto& item : items) order.push_back(&item);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return is_newer(*a, *b); });
  return order;
}

/// The time of each item or, if later, of an item before it: a backup that was made after another
/// is not older, even if a slow clock dated it so.
std::vector<Time> no_earlier_than(const std::vector<const RetentionItem*>& order) {
  std::vector<Time> times(order.size());
  for (std::size_t i = order.size(); i-- > 0;)
    times[i] = i + 1 == order.size() ? order[i]->at : std::max(order[i]->at, times[i + 1]);
  return times;
}

}  // namespace

std::vector<Verdict> retain(const std::vector<RetentionItem>& items, const RulesOf& rules_of,
                            const CivilOf& civil_of, const Clock& clock) {
  const SourceState source = find_existing(items, clock);
  const auto order = newest_first(items);
  const auto times = no_earlier_than(order);
  Trust trust{clock, {}};
  for (const auto* item : order)
    if (trust.ahead.empty() && lies_ahead(item->at, clock.now)) trust.ahead = item->id;
  std::map<std::pair<std::string_view, std::string_view>, Group> groups;
  std::vector<Verdict> verdicts(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto& item = *order[i];
    const auto where = std::pair(std::string_view(item.group), std::string_view(item.target));
    auto group = groups.find(where);
    if (group == groups.end())
      group = groups.try_emplace(where, rules_of(item.group, item.target), civil_of, trust).first;
    Verdict verdict = group->second.evaluate(item, times[i]);
    std::string reason = reason_to_stay(item, verdict, source);
    if (!reason.empty()) verdict = {true, std::move(reason)};
    verdicts[static_cast<std::size_t>(&item - items.data())] = std::move(verdict);
  }
  return verdicts;
}

}  // namespace backups
