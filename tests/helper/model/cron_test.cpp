#include "model/cron.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::ThrowsError;

struct Parsed {
  const char* expression;
  const char* text;
  const char* same_as;
};
class CronParse : public testing::TestWithParam<Parsed> {};
TEST_P(CronParse, UnderstandsIt) {
  const Cron cron = Cron::parse(GetParam().expression);
  EXPECT_EQ(cron.text(), GetParam().text);
  EXPECT_TRUE(cron == Cron::parse(GetParam().same_as)) << cron.text();
  EXPECT_TRUE(Cron::parse(cron.text()) == cron);
}
INSTANTIATE_TEST_SUITE_P(
    Expressions, CronParse,
    testing::Values(Parsed{"0 2 * * *", "0 2 * * *", "00 02 */1 1-12 0-6"},
                    Parsed{"\t0  2 *\t* * \n", "0 2 * * *", "0 2 * * *"},
                    Parsed{"*/20 * * * *", "*/20 * * * *", "0,20,40 0-23 * * *"},
                    Parsed{"*/60 * * * *", "*/60 * * * *", "0 * * * *"},
                    Parsed{"5/15 * * * *", "5/15 * * * *", "5,20,35,50 * * * *"},
                    Parsed{"0 10-20/5 * * *", "0 10-20/5 * * *", "0 10,15,20 * * *"},
                    Parsed{"59/99999999999 0 * * *", "59/99999999999 0 * * *", "59 0 * * *"},
                    Parsed{"0 2 * Jan,MAR-may *", "0 2 * Jan,MAR-may *", "0 2 * 1,3,4,5 *"},
                    Parsed{"0 2 * december sunday", "0 2 * december sunday", "0 2 * 12 0"},
                    Parsed{"0 2 * * 7", "0 2 * * 7", "0 2 * * SUN"},
                    Parsed{"0 2 * * 5-7", "0 2 * * 5-7", "0 2 * * 0,5,6"},
                    Parsed{"0 2 * * fri-sun", "0 2 * * fri-sun", "0 2 * * 0,5,6"},
                    Parsed{"0 2 * * sun-mon", "0 2 * * sun-mon", "0 2 * * 0,1"},
                    Parsed{"0 2 * * 7-2", "0 2 * * 7-2", "0 2 * * 0,1,2"},
                    Parsed{"0 2 * * 7-7", "0 2 * * 7-7", "0 2 * * 0"},
                    Parsed{"0 2 * * 0-7", "0 2 * * 0-7", "0 2 * * *"},
                    Parsed{"0 2 * * fri/1", "0 2 * * fri/1", "0 2 * * 5,6,0"},
                    Parsed{"@hourly", "0 * * * *", "0 * * * *"},
                    Parsed{"@daily", "0 0 * * *", "0 0 * * *"},
                    Parsed{" @midnight ", "0 0 * * *", "0 0 * * *"},
                    Parsed{"@weekly", "0 0 * * 0", "0 0 * * sun"},
                    Parsed{"@monthly", "0 0 1 * *", "0 0 1 * *"},
                    Parsed{"@yearly", "0 0 1 1 *", "0 0 1 1 *"},
                    Parsed{"@annually", "0 0 1 1 *", "0 0 1 jan *"}));

TEST(Cron, DiffersWhereItRunsAtOtherTimes) {
  EXPECT_FALSE(Cron::parse("0 2 * * *") == Cron::parse("0 3 * * *"));
  EXPECT_FALSE(Cron::parse("0 2 1 * *") == Cron::parse("0 2 1 1 *"));
  EXPECT_FALSE(Cron::parse("0 2 1 * *") == Cron::parse("0 2 1 * mon"));
  EXPECT_FALSE(Cron::parse("0 2 */2 * mon") == Cron::parse("0 2 1-31/2 * mon"));
}

struct Refused {
  const char* expression;
  const char* because;
};
class CronRefuses : public testing::TestWithParam<Refused> {};
TEST_P(CronRefuses, WhatIsNoExpression) {
  EXPECT_THAT([] { Cron::parse(GetParam().expression); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr(GetParam().because)));
}
INSTANTIATE_TEST_SUITE_P(
    Expressions, CronRefuses,
    testing::Values(
        Refused{"", "'' is not a cron expression: use minute, hour, day, month and weekday"},
        Refused{"0 2 * *", "'0 2 * *' is not a cron expression"},
        Refused{"0 0 2 * * *", "'0 0 2 * * *' is not a cron expression"},
        Refused{"@reboot", "'@reboot' is not supported"},
        Refused{"@often", "or @hourly, @daily, @weekly, @monthly, @yearly"},
        Refused{"60 * * * *", "invalid minute '60' (must be 0 to 59)"},
        Refused{"0,61 * * * *", "invalid minute '61'"},
        Refused{"-5 * * * *", "invalid minute '' in '-5'"},
        Refused{"1--5 * * * *", "invalid minute '-5' in '1--5'"},
        Refused{"+5 * * * *", "invalid minute '+5'"},
        Refused{"1.5 * * * *", "invalid minute '1.5'"},
        Refused{"1-2-3 * * * *", "invalid minute '2-3' in '1-2-3'"},
        Refused{"99999999999999999999 * * * *", "invalid minute"},
        Refused{"0 24 * * *", "invalid hour '24' (must be 0 to 23)"},
        Refused{"0 8-24 * * *", "invalid hour '24' in '8-24'"},
        Refused{"0 2 0 * *", "invalid day of the month '0' (must be 1 to 31)"},
        Refused{"0 2 32 * *", "invalid day of the month '32'"},
        Refused{"0 2 L * *", "invalid day of the month 'L'"},
        Refused{"0 2 ? * *", "invalid day of the month '?'"},
        Refused{"0 2 * 0 *", "invalid month '0' (must be 1 to 12 or jan to dec)"},
        Refused{"0 2 * 13 *", "invalid month '13'"}, Refused{"0 2 * ja *", "invalid month 'ja'"},
        Refused{"0 2 * mon *", "invalid month 'mon'"},
        Refused{"0 2 * * 8", "invalid day of the week '8' (must be 0 to 7 or sun to sat)"},
        Refused{"0 2 * * sonntag", "invalid day of the week 'sonntag'"},
        Refused{"0 2 * * mon#1", "invalid day of the week 'mon#1'"},
        Refused{"0 2 * * jan", "invalid day of the week 'jan'"},
        Refused{"sun 2 * * *", "invalid minute 'sun'"},
        Refused{"0 2 * * fri-mon", "'fri-mon' runs backwards: write fri-6,0-mon"},
        Refused{"0 22-2 * * *", "'22-2' runs backwards: write 22-23,0-2"},
        Refused{"0 2 * 7-2 *", "'7-2' runs backwards: write 7-12,1-2"},
        Refused{"0 2 * * 5-0", "'5-0' runs backwards: write 5-6,0-0"},
        Refused{"0 2 * nov-feb *", "'nov-feb' runs backwards: write nov-12,1-feb"},
        Refused{"1,,2 * * * *", "'1,,2' has a comma with nothing before or after it"},
        Refused{", * * * *", "',' has a comma with nothing before or after it"},
        Refused{"*/0 * * * *",
                "invalid step '0' in '*/0' (must be a number of at least 1, such as */5)"},
        Refused{"*/ * * * *", "invalid step '' in '*/'"},
        Refused{"*/5/5 * * * *", "invalid step '5/5' in '*/5/5'"},
        Refused{"*/-5 * * * *", "invalid step '-5' in '*/-5'"},
        Refused{"/5 * * * *", "invalid minute '' in '/5'"},
        Refused{"** * * * *", "invalid minute '**'"},
        Refused{"*-5 * * * *", "invalid minute '*' in '*-5'"},
        Refused{"0 2 * * \x1b[31m", "invalid day of the week '?[31m'"},
        Refused{"0 0 30 2 *", "'0 0 30 2 *' would never run"},
        Refused{"0 0 31 feb,apr,jun,sep,nov *", "would never run"},
        Refused{"0 0 30,31 2 */2", "would never run"}));

TEST(Cron, RunsOnARareDay) {
  for (const char* rare : {"0 0 29 2 *", "0 0 30-31 1,2 *", "0 0 31 2,3 *", "0 0 30 2 mon"})
    EXPECT_NO_THROW(Cron::parse(rare)) << rare;
}

const Zone& utc() {
  static const Zone kZone("UTC");
  return kZone;
}

Time time_of(const std::string& text) { return parse_rfc3339(text).value(); }

std::string next_in_utc(const std::string& expression, const std::string& after) {
  const auto time = Cron::parse(expression).next(time_of(after), utc());
  return time ? rfc3339(*time) : "never";
}

TEST(CronNext, IsWhatAnIndependentImplementationSays) {
  const auto cases = nlohmann::json::parse(tests::slurp(tests::golden("cron.json")));
  EXPECT_GT(cases.size(), 500U);
  for (const auto& [expression, start, runs] :
       cases.get<std::vector<std::tuple<std::string, std::string, std::vector<std::string>>>>()) {
    std::string time = start;
    for (const auto& run : runs) {
      time = next_in_utc(expression, time);
      ASSERT_EQ(time, run) << expression << " after " << start;
    }
  }
}

TEST(CronNext, TakesEitherDayFieldUnlessOneBeginsWithAStar) {
  const std::string friday = "2026-11-13T00:00:00Z";
  EXPECT_EQ(next_in_utc("0 0 13 * fri", "2026-11-12T00:00:00Z"), friday);
  EXPECT_EQ(next_in_utc("0 0 13 * fri", friday), "2026-11-20T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 */2 * fri", friday), "2026-11-27T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 1-31/2 * fri", friday), "2026-11-15T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 13 * */5", friday), "2026-12-13T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 13 * *,1", friday), "2026-12-13T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 30 2 mon", friday), "2027-02-01T00:00:00Z");
}

TEST(CronNext, KnowsTheLengthOfAMonth) {
  EXPECT_EQ(next_in_utc("0 0 */10 * *", "2024-02-28T23:59:30Z"), "2024-03-01T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 */10 * *", "2024-03-21T00:00:00Z"), "2024-03-31T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 28-31 2,3 *", "2026-02-28T00:00:00Z"), "2026-03-28T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 31 * *", "2026-03-31T00:00:00Z"), "2026-05-31T00:00:00Z");
}

TEST(CronNext, IsAfterTheTimeAskedForByASecondOrMore) {
  EXPECT_EQ(next_in_utc("* * * * *", "2026-01-01T00:00:00Z"), "2026-01-01T00:01:00Z");
  EXPECT_EQ(next_in_utc("* * * * *", "2026-01-01T00:00:59Z"), "2026-01-01T00:01:00Z");
  EXPECT_EQ(next_in_utc("0 2 * * *", "2026-01-01T01:59:59Z"), "2026-01-01T02:00:00Z");
  EXPECT_EQ(next_in_utc("0 2 * * *", "2026-01-01T02:00:00Z"), "2026-01-02T02:00:00Z");
  EXPECT_EQ(next_in_utc("0 2 * * *", "2026-01-01T02:00:01Z"), "2026-01-02T02:00:00Z");
}

TEST(CronNext, ComesAfterEightYearsWithoutALeapDayAndNotAfterMoreThanTen) {
  EXPECT_EQ(next_in_utc("0 0 29 2 *", "2096-02-29T00:00:00Z"), "2104-02-29T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 29 2 */7", "2026-01-01T00:00:00Z"), "2032-02-29T00:00:00Z");
  EXPECT_EQ(next_in_utc("0 0 29 2 */7", "2032-02-29T00:00:00Z"), "never");
  EXPECT_EQ(next_in_utc("0 * 29 2 */7", "2033-01-01T00:00:00Z"), "never");
}

std::vector<std::string> runs_in(const char* zone, const char* expression, const char* after,
                                 int count) {
  const Zone place(zone);
  const Cron cron = Cron::parse(expression);
  std::vector<std::string> runs;
  for (Time time = time_of(after); count > 0; --count) {
    time = cron.next(time, place).value();
    runs.push_back(rfc3339(time));
  }
  return runs;
}

// Berlin goes from 02:00 to 03:00 at 2026-03-29T01:00Z, and back from 03:00 to 02:00 at
// 2026-10-25T01:00Z.
TEST(CronNext, RunsASkippedTimeOnceRightAfter) {
  EXPECT_THAT(
      runs_in("Europe/Berlin", "30 2 * * *", "2026-03-28T00:00:00Z", 3),
      testing::ElementsAre("2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
  EXPECT_THAT(runs_in("Europe/Berlin", "*/10 2,3 * * *", "2026-03-29T00:00:00Z", 2),
              testing::ElementsAre("2026-03-29T01:00:00Z", "2026-03-29T01:10:00Z"));
}

TEST(CronNext, RunsATimeThatIsShownTwiceOnceUnlessItIsEveryHour) {
  EXPECT_THAT(runs_in("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00:00Z", 2),
              testing::ElementsAre("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
  EXPECT_THAT(runs_in("Europe/Berlin", "30 2 * * *", "2026-10-25T01:10:00Z", 1),
              testing::ElementsAre("2026-10-26T01:30:00Z"));
  EXPECT_THAT(
      runs_in("Europe/Berlin", "30 * * * *", "2026-10-25T00:00:00Z", 3),
      testing::ElementsAre("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"));
}

struct Option {
  Cron (*read)(const std::string&);
  const char* value;
  const char* result;  ///< the expression, or words of the error
};

class CronOption : public testing::TestWithParam<Option> {};
TEST_P(CronOption, IsAnExpression) {
  EXPECT_EQ(GetParam().read(GetParam().value).text(), GetParam().result);
}
INSTANTIATE_TEST_SUITE_P(Values, CronOption,
                         testing::Values(Option{cron_daily, "02:00", "0 2 * * *"},
                                         Option{cron_daily, " 9:05 ", "5 9 * * *"},
                                         Option{cron_daily, "23:59", "59 23 * * *"},
                                         Option{cron_weekly, "sun 02:00", "0 2 * * sun"},
                                         Option{cron_weekly, "Monday  00:30", "30 0 * * Monday"},
                                         Option{cron_weekly, "7 02:00", "0 2 * * 7"},
                                         Option{cron_monthly, "1 02:00", "0 2 1 * *"},
                                         Option{cron_monthly, "28 23:45", "45 23 28 * *"}));

class CronOptionRefuses : public testing::TestWithParam<Option> {};
TEST_P(CronOptionRefuses, WhatIsNoSuchTime) {
  EXPECT_THAT([] { GetParam().read(GetParam().value); },
              ThrowsError(ErrorKind::kBadInput,
                          AllOf(HasSubstr(GetParam().result), HasSubstr(GetParam().value))));
}
constexpr const char* kDaily = "--daily takes a time of day such as 02:00, not '";
constexpr const char* kWeekly = "--weekly takes a day and a time such as 'sun 02:00', not '";
constexpr const char* kMonthly = "--monthly takes a day and a time such as '1 02:00', not '";
INSTANTIATE_TEST_SUITE_P(
    Values, CronOptionRefuses,
    testing::Values(
        Option{cron_daily, "", kDaily}, Option{cron_daily, "24:00", kDaily},
        Option{cron_daily, "02:60", kDaily}, Option{cron_daily, "2", kDaily},
        Option{cron_daily, "02:5", kDaily}, Option{cron_daily, "-2:00", kDaily},
        Option{cron_daily, "02:00:00", kDaily}, Option{cron_daily, "2am", kDaily},
        Option{cron_daily, "002:00", kDaily}, Option{cron_daily, "sun 02:00", kDaily},
        Option{cron_weekly, "", kWeekly}, Option{cron_weekly, "02:00", kWeekly},
        Option{cron_weekly, "sun", kWeekly}, Option{cron_weekly, "02:00 sun", kWeekly},
        Option{cron_weekly, "so 02:00", kWeekly}, Option{cron_weekly, "mon-fri 02:00", kWeekly},
        Option{cron_weekly, "sun 25:00", kWeekly}, Option{cron_weekly, "sun 02:00 x", kWeekly},
        Option{cron_monthly, "", kMonthly}, Option{cron_monthly, "02:00", kMonthly},
        Option{cron_monthly, "0 02:00", kMonthly}, Option{cron_monthly, "32 02:00", kMonthly},
        Option{cron_monthly, "1st 02:00", kMonthly}, Option{cron_monthly, "1,15 02:00", kMonthly},
        Option{cron_monthly, "29 02:00", "skip the months without a day 29"},
        Option{cron_monthly, "31 02:00", "without a day 31: use a day from 1 to 28"}));

}  // namespace
}  // namespace backups
