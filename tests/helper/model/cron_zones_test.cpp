#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "model/cron.hpp"
#include "support/paths.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

// The expected values come from tests/support/zone-days, which uses an independent calendar.

struct Window {
  Time from, to, change;
  std::map<std::string, std::vector<Time>> runs;
};

struct Days {
  std::size_t changes;
  std::vector<Window> windows;
};

Days days_of(const std::string& zone) {
  const auto answer = tests::shell(tests::source("tests/support/zone-days ") + zone);
  if (answer.code != 0) throw std::runtime_error("zone-days failed");
  const auto json = nlohmann::json::parse(answer.out);
  Days days{json.at("changes"), {}};
  for (const auto& window : json.at("windows"))
    days.windows.push_back(
        {window.at("from"), window.at("to"), window.at("change"), window.at("runs")});
  return days;
}

std::vector<Time> runs_between(const Cron& cron, const Zone& zone, Time from, Time to) {
  std::vector<Time> runs;
  for (auto time = cron.next(from - 1, zone); time && *time <= to; time = cron.next(*time, zone))
    runs.push_back(*time);
  return runs;
}

/// The result must not depend on the second that it is calculated for, even between the two
/// occurrences of a local time.
void expect_next_at_any_time(const Cron& cron, const Zone& zone, const Window& window,
                             const std::vector<Time>& runs) {
  constexpr Time kStep = 7 * 60 + 13;
  constexpr Time kAround = 150 * 60;
  std::vector<Time> moments = {window.change - 1, window.change, window.change + 1};
  for (Time time = window.change - kAround; time < window.change + kAround; time += kStep)
    moments.push_back(time);
  for (const Time moment : moments) {
    const auto expected = std::upper_bound(runs.begin(), runs.end(), moment);
    if (expected != runs.end()) {
      ASSERT_EQ(cron.next(moment, zone), *expected)
          << cron.text() << " in " << zone.name() << " after " << rfc3339(moment);
    }
  }
}

struct Place {
  const char* zone;
  std::size_t changes;  ///< at least, from 2005 to 2024
};
class CronInZone : public testing::TestWithParam<Place> {};

TEST_P(CronInZone, RunsAsAPersonMeansItAroundEveryChangeOfTwentyYears) {
  const Zone zone(GetParam().zone);
  const Days days = days_of(zone.name());
  EXPECT_GE(days.changes, GetParam().changes);
  EXPECT_EQ(days.windows.size(), days.changes + 4);  // and New Years
  for (const auto& window : days.windows) {
    ASSERT_EQ(window.runs.size(), 8U);
    for (const auto& [expression, runs] : window.runs) {
      const Cron cron = Cron::parse(expression);
      ASSERT_EQ(runs_between(cron, zone, window.from, window.to), runs)
          << expression << " in " << zone.name() << " around " << rfc3339(window.change);
      expect_next_at_any_time(cron, zone, window, runs);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Zones, CronInZone,
                         testing::Values(Place{"Europe/Berlin", 40}, Place{"America/New_York", 40},
                                         Place{"Australia/Lord_Howe", 40},
                                         Place{"America/Sao_Paulo", 25},
                                         Place{"Africa/Casablanca", 40}, Place{"Asia/Tehran", 25},
                                         Place{"Pacific/Apia", 20}, Place{"Asia/Kathmandu", 0},
                                         Place{"Atlantic/Azores", 40},
                                         Place{"Pacific/Chatham", 40}));

}  // namespace
}  // namespace backups
