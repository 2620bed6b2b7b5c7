#include "sys/zone.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <optional>

#include "support/directory.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using namespace std::chrono_literals;
using std::chrono::local_days;
using tests::TemporaryDirectory;
using tests::ThrowsError;

Time time_of(const char* text) { return parse_rfc3339(text).value(); }

LocalMinute wall(int year, unsigned month, unsigned day, int hour, int minute) {
  using namespace std::chrono;
  const year_month_day date{std::chrono::year(year), std::chrono::month(month),
                            std::chrono::day(day)};
  return local_days(date) + hours(hour) + minutes(minute);
}

void expect_shown(const LocalOccurrences& shown, int times, const char* first, const char* second) {
  EXPECT_EQ(shown.times, times);
  EXPECT_EQ(rfc3339(shown.first), first);
  EXPECT_EQ(rfc3339(shown.second), second);
}

TEST(Zone, KnowsItsName) {
  for (const char* name : {"UTC", "Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires",
                           "Etc/GMT+5", "America/Port-au-Prince", "EST5EDT"})
    EXPECT_EQ(Zone(name).name(), name);
}

class ZoneRefuses : public testing::TestWithParam<std::string> {};
TEST_P(ZoneRefuses, WhatTheDatabaseDoesNotHave) {
  EXPECT_THAT([] { Zone zone(GetParam()); },
              ThrowsError(ErrorKind::kBadInput,
                          testing::EndsWith("(use an IANA name such as Europe/Berlin)")));
}
INSTANTIATE_TEST_SUITE_P(Names, ZoneRefuses,
                         testing::Values("", "Europe/Berln", "europe/berlin", "Berlin", "Europe",
                                         "Europe/", "/UTC", "/usr/share/zoneinfo/UTC",
                                         "../zoneinfo/UTC", "Europe/../UTC", "./UTC",
                                         "Europe//Berlin", " UTC", "UTC\n", std::string("UTC\0", 4),
                                         "localtime", "posixrules", "posix/UTC", "right/UTC",
                                         "zone.tab", "tzdata.zi", "leapseconds", "CET-1CEST",
                                         "+01:00", std::string(5000, 'A')));

TEST(Zone, NamesTheWordThatIsNone) {
  EXPECT_THAT(
      [] { Zone zone("Europe/Berln"); },
      ThrowsError(ErrorKind::kBadInput,
                  "unknown time zone 'Europe/Berln' (use an IANA name such as Europe/Berlin)"));
}

TEST(Zone, ShowsTheMinuteThatASecondIsIn) {
  EXPECT_EQ(Zone("UTC").local(time_of("2026-03-29T01:00:59Z")), wall(2026, 3, 29, 1, 0));
  const Zone kathmandu("Asia/Kathmandu");
  EXPECT_EQ(kathmandu.local(time_of("2026-03-29T18:15:00Z")), wall(2026, 3, 30, 0, 0));
  EXPECT_EQ(kathmandu.local(time_of("2026-03-29T18:14:59Z")), wall(2026, 3, 29, 23, 59));
  EXPECT_EQ(Zone("America/New_York").local(-1), wall(1969, 12, 31, 18, 59));
}

TEST(Zone, GoesOverAGapToItsEnd) {
  const Zone berlin("Europe/Berlin");
  const char* jump = "2026-03-29T01:00:00Z";
  EXPECT_EQ(berlin.local(time_of(jump) - 1), wall(2026, 3, 29, 1, 59));
  EXPECT_EQ(berlin.local(time_of(jump)), wall(2026, 3, 29, 3, 0));
  expect_shown(berlin.occurrences(wall(2026, 3, 29, 1, 59)), 1, "2026-03-29T00:59:00Z",
               "2026-03-29T00:59:00Z");
  expect_shown(berlin.occurrences(wall(2026, 3, 29, 2, 0)), 0, jump, jump);
  expect_shown(berlin.occurrences(wall(2026, 3, 29, 2, 59)), 0, jump, jump);
  expect_shown(berlin.occurrences(wall(2026, 3, 29, 3, 0)), 1, jump, jump);
}

TEST(Zone, ShowsTwiceWhatClocksAreSetBackOver) {
  const Zone berlin("Europe/Berlin");
  expect_shown(berlin.occurrences(wall(2026, 10, 25, 1, 59)), 1, "2026-10-24T23:59:00Z",
               "2026-10-24T23:59:00Z");
  expect_shown(berlin.occurrences(wall(2026, 10, 25, 2, 0)), 2, "2026-10-25T00:00:00Z",
               "2026-10-25T01:00:00Z");
  expect_shown(berlin.occurrences(wall(2026, 10, 25, 2, 59)), 2, "2026-10-25T00:59:00Z",
               "2026-10-25T01:59:00Z");
  expect_shown(berlin.occurrences(wall(2026, 10, 25, 3, 0)), 1, "2026-10-25T02:00:00Z",
               "2026-10-25T02:00:00Z");
}

TEST(Zone, GoesOverAWholeDayThatWasLeftOut) {
  const Zone apia("Pacific/Apia");
  const char* jump = "2011-12-30T10:00:00Z";
  EXPECT_EQ(apia.local(time_of(jump) - 1), wall(2011, 12, 29, 23, 59));
  EXPECT_EQ(apia.local(time_of(jump)), wall(2011, 12, 31, 0, 0));
  expect_shown(apia.occurrences(wall(2011, 12, 30, 0, 0)), 0, jump, jump);
  expect_shown(apia.occurrences(wall(2011, 12, 30, 12, 0)), 0, jump, jump);
  expect_shown(apia.occurrences(wall(2011, 12, 30, 23, 59)), 0, jump, jump);
}

TEST(Zone, MovesByHalfAnHourWhereThatIsTheLaw) {
  const Zone lord_howe("Australia/Lord_Howe");
  EXPECT_EQ(lord_howe.occurrences(wall(2026, 10, 4, 2, 29)).times, 0);
  EXPECT_EQ(lord_howe.occurrences(wall(2026, 10, 4, 2, 30)).times, 1);
  EXPECT_EQ(lord_howe.occurrences(wall(2026, 4, 5, 1, 29)).times, 1);
  expect_shown(lord_howe.occurrences(wall(2026, 4, 5, 1, 30)), 2, "2026-04-04T14:30:00Z",
               "2026-04-04T15:00:00Z");
}

TEST(Zone, TellsWhenClocksAreChangedNext) {
  const Zone berlin("Europe/Berlin");
  EXPECT_EQ(rfc3339(berlin.next_change(time_of("2026-01-01T00:00:00Z"))), "2026-03-29T01:00:00Z");
  EXPECT_EQ(rfc3339(berlin.next_change(time_of("2026-03-29T00:59:59Z"))), "2026-03-29T01:00:00Z");
  EXPECT_EQ(rfc3339(berlin.next_change(time_of("2026-03-29T01:00:00Z"))), "2026-10-25T01:00:00Z");
  EXPECT_GT(Zone("UTC").next_change(0), time_of("9999-12-31T23:59:59Z"));
}

class HostZone : public testing::Test {
 protected:
  void SetUp() override {
    if (const char* value = std::getenv("TZ")) before_ = value;
    ::unsetenv("TZ");
  }
  void TearDown() override { before_ ? ::setenv("TZ", before_->c_str(), 1) : ::unsetenv("TZ"); }
  void link(const std::string& target) { fs::create_symlink(target, etc_ / "localtime"); }
  std::string host() const { return Zone::host(etc_.path().string()); }

  TemporaryDirectory etc_;

 private:
  std::optional<std::string> before_;
};

TEST_F(HostZone, IsUtcWhereNothingTells) {
  EXPECT_EQ(host(), "UTC");
  EXPECT_EQ(Zone::host("/nonexistent"), "UTC");
}

TEST_F(HostZone, IsWhereTheLinkLeads) {
  link("../usr/share/zoneinfo/Europe/Bratislava");  // itself a link, to Prague
  tests::spill(etc_ / "timezone", "Europe/Berlin\n");
  EXPECT_EQ(host(), "Europe/Bratislava");
}

TEST_F(HostZone, IsCalledUtcAndNothingElse) {
  link("/usr/share/zoneinfo/Etc/UTC");
  EXPECT_EQ(host(), "UTC");
}

TEST_F(HostZone, IsInTheFileWhereLocaltimeIsACopy) {
  tests::spill(etc_ / "localtime", "TZif2");
  tests::spill(etc_ / "timezone", "America/New_York\n");
  EXPECT_EQ(host(), "America/New_York");
}

TEST_F(HostZone, PassesOverWhatIsNoZone) {
  link("/usr/share/zoneinfo/Europe/Berln");
  tests::spill(etc_ / "timezone", "../../etc/passwd\n");
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  EXPECT_EQ(host(), "UTC");
  fs::remove(etc_ / "timezone");
  fs::create_directory(etc_ / "timezone");
  EXPECT_EQ(host(), "UTC");
}

TEST_F(HostZone, IsFirstOfAllThatOfTheEnvironment) {
  link("/usr/share/zoneinfo/Europe/Berlin");
  for (const char* value : {"Asia/Tokyo", ":Asia/Tokyo", "/usr/share/zoneinfo/Asia/Tokyo"}) {
    ::setenv("TZ", value, 1);
    EXPECT_EQ(host(), "Asia/Tokyo") << value;
  }
  ::setenv("TZ", "", 1);
  EXPECT_EQ(host(), "Europe/Berlin");
}

}  // namespace
}  // namespace backups
