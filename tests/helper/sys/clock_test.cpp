#include "sys/clock.hpp"

#include <gmock/gmock.h>

#include <ctime>
#include <set>

namespace backups {
namespace {

using testing::MatchesRegex;

struct Instant {
  Time time;
  const char* rfc3339;
  const char* id;
};
class ClockRoundTrip : public testing::TestWithParam<Instant> {};

TEST_P(ClockRoundTrip, IsExact) {
  const Instant& instant = GetParam();
  EXPECT_EQ(rfc3339(instant.time), instant.rfc3339);
  EXPECT_EQ(id_time(instant.time), instant.id);
  EXPECT_EQ(parse_rfc3339(instant.rfc3339), instant.time);
  EXPECT_EQ(parse_id_time(instant.id), instant.time);
}

INSTANTIATE_TEST_SUITE_P(
    Instants, ClockRoundTrip,
    testing::Values(Instant{0, "1970-01-01T00:00:00Z", "1970-01-01-00-00-00"},
                    Instant{951'782'400, "2000-02-29T00:00:00Z", "2000-02-29-00-00-00"},
                    Instant{1'709'251'199, "2024-02-29T23:59:59Z", "2024-02-29-23-59-59"},
                    Instant{1'709'251'200, "2024-03-01T00:00:00Z", "2024-03-01-00-00-00"},
                    Instant{1'775'658'600, "2026-04-08T14:30:00Z", "2026-04-08-14-30-00"},
                    Instant{2'147'483'648, "2038-01-19T03:14:08Z", "2038-01-19-03-14-08"},
                    Instant{4'107'542'400, "2100-03-01T00:00:00Z", "2100-03-01-00-00-00"},
                    Instant{253'402'300'799, "9999-12-31T23:59:59Z", "9999-12-31-23-59-59"}));

TEST(Clock, AgreesWithTheCLibraryOverCenturies) {
  for (Time time = 0; time < 8'000'000'000; time += 86'400 * 13 + 4'567) {
    const auto seconds = static_cast<std::time_t>(time);
    std::tm fields{};
    ::gmtime_r(&seconds, &fields);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &fields);
    ASSERT_EQ(rfc3339(time), text);
    ASSERT_EQ(parse_rfc3339(text), time);
  }
}

class ClockRefuses : public testing::TestWithParam<const char*> {};

TEST_P(ClockRefuses, WhatIsNoTime) { EXPECT_EQ(parse_rfc3339(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(
    Texts, ClockRefuses,
    testing::Values("", "now", "2026-04-08", "2026-04-08T14:30:00", "2026-04-08 14:30:00Z",
                    "2026-04-08T14:30:00z", "2026-04-08T14:30:00+00:00", "2026-04-08T14:30:00.5Z",
                    "2026-13-08T14:30:00Z", "2026-00-08T14:30:00Z", "2026-04-31T14:30:00Z",
                    "2026-04-00T14:30:00Z", "2023-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
                    "2026-04-08T24:00:00Z", "2026-04-08T14:60:00Z", "2026-04-08T14:30:60Z",
                    "2026-04-0 T14:30:00Z", "-026-04-08T14:30:00Z", "2026-04-08T14:30:00ZZ"));

class IdTimeRefuses : public testing::TestWithParam<const char*> {};

TEST_P(IdTimeRefuses, WhatIsNoTime) { EXPECT_EQ(parse_id_time(GetParam()), std::nullopt); }

INSTANTIATE_TEST_SUITE_P(Texts, IdTimeRefuses,
                         testing::Values("", "2026-04-08-14-30", "2026-04-08T14-30-00",
                                         "2026-04-08-14-30-0x", "2026-02-30-14-30-00",
                                         "2026-04-08-25-30-00"));

TEST(Now, IsTheTimeOfTheSystem) {
  const Time before = std::time(nullptr);
  const Time time = now();
  EXPECT_GE(time, before);
  EXPECT_LE(time, std::time(nullptr) + 1);
}

TEST(RandomHex, HasTheLengthAndDiffers) {
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const std::string text = random_hex(4);
    EXPECT_THAT(text, MatchesRegex("[0-9a-f]{8}"));
    seen.insert(text);
  }
  EXPECT_GT(seen.size(), 45U);
  EXPECT_EQ(random_hex(32).size(), 64U);
}

}  // namespace
}  // namespace backups
