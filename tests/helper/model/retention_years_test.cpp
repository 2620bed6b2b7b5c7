#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.hpp"
#include "model/retention.hpp"
#include "support/civil.hpp"

namespace backups {
namespace {

constexpr Time kHour = 3600;
constexpr Time kDay = 24 * kHour;
constexpr Time kBegin = 1767225600;                // 2026-01-01 00:00 UTC
constexpr Time kEnd = kBegin + (3650 + 2) * kDay;  // 2036-01-01 00:00 UTC

constexpr const char* kRules = "last=7,hourly=24,daily=7,weekly=4,monthly=12,yearly=10";
constexpr std::size_t kMaxKept = 7 + 24 + 7 + 4 + 12 + 10;

/// The expected backups, determined by hand: one for each year, month, Sunday, day, and hour of the
/// last day, whose 17th failed. The host was off at the ends of 2029 and 2032.
constexpr const char* kLeft =
    "2027-12-31 23,2028-12-31 23,2029-12-21 23,2030-12-31 23,2031-12-31 23,2032-11-05 23,"
    "2033-12-31 23,2034-12-31 23,"
    "2035-02-28 23,2035-03-31 23,2035-04-30 23,2035-05-31 23,2035-06-30 23,2035-07-31 23,"
    "2035-08-31 23,2035-09-30 23,2035-10-31 23,2035-11-30 23,"
    "2035-12-16 23,2035-12-23 23,"
    "2035-12-26 23,2035-12-27 23,2035-12-28 23,2035-12-29 23,2035-12-30 23,"
    "2035-12-31 00,2035-12-31 01,2035-12-31 02,2035-12-31 03,2035-12-31 04,2035-12-31 05,"
    "2035-12-31 06,2035-12-31 07,2035-12-31 08,2035-12-31 09,2035-12-31 10,2035-12-31 11,"
    "2035-12-31 12,2035-12-31 13,2035-12-31 14,2035-12-31 15,2035-12-31 16,2035-12-31 18,"
    "2035-12-31 19,2035-12-31 20,2035-12-31 21,2035-12-31 22,2035-12-31 23,2036-01-01 00";

/// A source that is backed up every hour, and whose retention runs after every backup.
class Years {
 public:
  void hour(Time at) {
    if (is_off(at)) return;
    const auto number = (at - kBegin) / kHour;
    if (number % 97 == 50) return;  // a failure
    RetentionItem item;
    item.id = tests::utc_text("db-%F-%H", at);
    item.group = "schedule hourly";
    item.target = "local";
    item.at = at;
    item.good = number % 1009 != 500;
    item.suspect = number % 2003 == 700;
    if (item.good) frozen_ = item.suspect;
    if (item.good && !item.suspect) remember(at);
    copies_.push_back(item);
    remove(at);
  }

  bool is_frozen() const { return frozen_; }
  std::size_t size() const { return copies_.size(); }

  /// The times of the good copies.
  std::set<Time> times() const {
    std::set<Time> times;
    for (const auto& copy : copies_)
      if (copy.good && !copy.suspect) times.insert(copy.at);
    return times;
  }

  /// The copies that should exist: the newest, and the newest of the last hours, days, ... among
  /// all that were ever made.
  std::set<Time> wanted() const {
    std::set<Time> times;
    for (std::size_t i = 0; i < kPeriods.size(); ++i) {
      auto period = newest_[i].rbegin();
      for (int left = kPeriods[i].count; left > 0 && period != newest_[i].rend(); --left)
        times.insert((period++)->second);
    }
    return times;
  }

 private:
  struct Period {
    const char* pattern;
    int count;
  };
  static constexpr std::array<Period, 6> kPeriods = {
      {{"%F %T", 7}, {"%F %H", 24}, {"%F", 7}, {"%G-%V", 4}, {"%Y-%m", 12}, {"%Y", 10}}};

  /// True while the host is off: for three weeks, over a new year, and for three months.
  static bool is_off(Time at) {
    const auto day = (at - kBegin) / kDay;
    return (day > 100 && day <= 121) || (day > 1450 && day <= 1475) || (day > 2500 && day <= 2590);
  }

  void remember(Time at) {
    for (std::size_t i = 0; i < kPeriods.size(); ++i)
      newest_[i][tests::utc_text(kPeriods[i].pattern, at)] = at;
  }

  void remove(Time now) {
    const auto verdicts = retain(copies_, [this](const auto&, const auto&) { return rules_; },
                                 tests::utc_civil, {now});
    for (std::size_t i = copies_.size(); i-- > 0;) {
      if (verdicts[i].keep) continue;
      std::swap(copies_[i], copies_.back());  // their order doesn't matter
      copies_.pop_back();
    }
  }

  bool frozen_ = false;
  const KeepRules rules_ = KeepRules::parse(kRules);
  std::vector<RetentionItem> copies_;
  std::array<std::map<std::string, Time>, kPeriods.size()> newest_;  ///< of every period ever
};

TEST(TenYears, OfHourlyBackupsLeaveTheNewestOfEveryPeriodAtAnyTime) {
  Years years;
  for (Time at = kBegin; at <= kEnd; at += kHour) {
    years.hour(at);
    // Beside them, a damaged or suspect one is there until the next good one.
    ASSERT_LE(years.size(), kMaxKept + 1) << tests::utc_text("%F %T", at);
    if ((at / kHour) % 61 == 0 && !years.is_frozen())
      ASSERT_EQ(years.times(), years.wanted()) << tests::utc_text("%F %T", at);
  }
  std::vector<std::string> left;
  for (const Time at : years.times()) left.push_back(tests::utc_text("%F %H", at));
  EXPECT_EQ(left, split(kLeft, ','));
}

}  // namespace
}  // namespace backups
