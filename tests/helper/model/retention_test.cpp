#include "model/retention.hpp"

#include <gmock/gmock.h>

#include "base/text.hpp"
#include "model/settings.hpp"
#include "support/civil.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::ThrowsError;

struct RulesCase {
  const char* text;
  KeepRules rules;
};
class Rules : public testing::TestWithParam<RulesCase> {};
TEST_P(Rules, AreReadAndWritten) {
  EXPECT_EQ(KeepRules::parse(GetParam().text), GetParam().rules) << GetParam().text;
  EXPECT_EQ(GetParam().rules.to_text(), GetParam().text);
}
INSTANTIATE_TEST_SUITE_P(
    Texts, Rules,
    testing::Values(RulesCase{"last=7,hourly=24,daily=7,weekly=4,monthly=12,yearly=3,within=30d",
                              {7, 24, 7, 4, 12, 3, 30 * 86400}},
                    RulesCase{"last=100000", {.last = 100000}},
                    RulesCase{"yearly=1", {.yearly = 1}}, RulesCase{"within=1s", {.within = 1}},
                    RulesCase{"within=90m", {.within = 5400}},
                    RulesCase{"within=36h", {.within = 36 * 3600}},
                    RulesCase{"within=86401s", {.within = 86401}}));

TEST(Rules, MayComeInAnyOrderAndBeNothing) {
  EXPECT_EQ(KeepRules::parse("within=60,last=0,daily=2").to_text(), "daily=2,within=1m");
  EXPECT_EQ(KeepRules().to_text(), "");
}

struct BadRules {
  const char* text;
  const char* wrong;
  const char* right;
};
class RefusedRules : public testing::TestWithParam<BadRules> {};
TEST_P(RefusedRules, SayWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_THAT([] { KeepRules::parse(GetParam().text); },
              ThrowsError(ErrorKind::kBadInput,
                          AllOf(HasSubstr(GetParam().wrong), HasSubstr(GetParam().right))))
      << GetParam().text;
}
INSTANTIATE_TEST_SUITE_P(
    Texts, RefusedRules,
    testing::Values(
        BadRules{"", "''", "last=7"}, BadRules{"dayly=7", "'dayly'", "daily"},
        BadRules{"last=1,", "''", "last=7"}, BadRules{"last=1, daily=1", "' daily'", ""},
        BadRules{"Last=1", "'Last'", "last"}, BadRules{"\x1b[1m=1", "'?[1m'", "last"},
        BadRules{"daily", "daily takes", "not ''"},
        BadRules{"daily=", "daily takes", "a number from 0 to 100000"},
        BadRules{"daily=x", "not 'x'", "a number"}, BadRules{"daily=-1", "not '-1'", "a number"},
        BadRules{"daily=1=2", "not '1=2'", "a number"},
        BadRules{"last=100001", "last takes", "to 100000"},
        BadRules{"last=7d", "last takes", "a number"}, BadRules{"within=0", "within takes", "30d"},
        BadRules{"within=5w", "not '5w'", "30d"},
        BadRules{"last=1,daily=2,last=1", "last is given twice", "last=1,daily=2"},
        BadRules{"last=0,last=1", "last is given twice", ""},
        BadRules{"last=0,daily=0", "keep nothing at all", "last=7"}));

constexpr Time kDay = 86400;
constexpr Time kNow = 1778846400;  // Friday 2026-05-15 12:00 UTC

/// "b:off/5d*?": a copy of the group b on the target off, five days old ("90m", "3h"), and then
/// * pinned, ? suspect, ! damaged, ~ safety or final, # locked, = locked until just now. Without a
/// group and a target: of a on local. The id is "x-5d".
RetentionItem parse_copy(std::string text) {
  const auto next_field = [&text](char end, const std::string& otherwise) {
    const auto at = text.find(end);
    if (at == std::string::npos) return otherwise;
    const std::string part = text.substr(0, at);
    text.erase(0, at + 1);
    return part;
  };
  RetentionItem item;
  item.group = next_field(':', "a");
  item.target = next_field('/', "local");
  const std::string age = text.substr(0, text.find_first_of("*?!~#="));
  const auto has = [&](char flag) { return text.find(flag) != std::string::npos; };
  item.id = "x-" + age;
  item.at = age[0] == '-' ? kNow + parse_duration(age.substr(1)).value()
                          : kNow - parse_duration(age).value();
  item.good = !has('!');
  item.pinned = has('*');
  item.suspect = has('?');
  item.safety_or_final = has('~');
  if (has('#')) item.locked_until = kNow + 1;
  if (has('=')) item.locked_until = kNow;
  return item;
}

std::vector<RetentionItem> parse_copies(const std::string& text) {
  std::vector<RetentionItem> items;
  for (const auto& word : split(text, ' ')) items.push_back(parse_copy(word));
  return items;
}

std::vector<Verdict> verdicts(const std::string& rules, const std::string& copies) {
  const auto rules_of = [&](const auto&, const auto&) { return KeepRules::parse(rules); };
  return retain(parse_copies(copies), rules_of, tests::utc_civil, {kNow});
}

/// The words of `copies` that stay.
std::string staying(const std::string& copies, const std::vector<Verdict>& verdicts) {
  std::vector<std::string> stay;
  const auto words = split(copies, ' ');
  for (std::size_t i = 0; i < words.size(); ++i)
    if (verdicts.at(i).keep) stay.push_back(words[i]);
  return join(stay, " ");
}

struct Golden {
  const char* why;
  const char* rules;
  const char* copies;
  const char* stay;
};
class Retention : public testing::TestWithParam<Golden> {};
TEST_P(Retention, KeepsWhatTheRulesSay) {
  const auto& [why, rules, copies, stay] = GetParam();
  EXPECT_EQ(staying(copies, verdicts(rules, copies)), stay) << why;
}
INSTANTIATE_TEST_SUITE_P(
    Calendar, Retention,
    testing::Values(
        Golden{"the newest", "last=2", "0d 1d 2d 3d", "0d 1d"},
        Golden{"fewer than wanted", "last=9", "0d 700d", "0d 700d"},
        Golden{"the newest of an hour", "hourly=2", "0m 30m 59m 61m", "0m 30m"},
        Golden{"one hour of two days", "hourly=2", "0d 1d 2d", "0d 1d"},
        Golden{"the newest of a day", "daily=3", "0h 6h 12h 13h 20h 2d 3d", "0h 13h 2d"},
        Golden{"days without one don't count", "daily=2", "0d 9d 20d", "0d 9d"},
        Golden{"a day of two months", "daily=2", "0d 30d 61d", "0d 30d"},
        Golden{"weeks begin on Monday", "weekly=3", "0d 4d 5d 11d 12d 18d 19d", "0d 5d 12d"},
        Golden{"a week of two years", "weekly=2", "133d 134d 135d 137d 138d 144d", "133d 138d"},
        Golden{"the newest of a month", "monthly=2", "0d 14d 15d 44d 45d", "0d 15d"},
        Golden{"a month of two years", "monthly=2", "0d 365d 730d", "0d 365d"},
        Golden{"the newest of a year", "yearly=3", "0d 134d 135d 499d 500d 866d", "0d 135d 500d"},
        Golden{"not older than", "within=2d", "0d 1d 2d 2881m 3d", "0d 1d 2d"},
        Golden{"a clock that is behind", "last=1,within=1h", "-1h 0h 2h", "-1h 0h 2h"},
        Golden{"by number all the same", "last=1", "-1h 0h 2h", "-1h"},
        Golden{"a moment is no trouble", "last=1,within=1h", "-30s 0h 2h", "-30s 0h"},
        Golden{"each rule counts by itself", "last=2,daily=2", "0h 1h 13h 14h 2d", "0h 1h 13h"},
        Golden{"all of them", "last=2,hourly=3,daily=2,weekly=2,monthly=2,yearly=2,within=45m",
               "0m 10m 40m 70m 130m 190m 1d 2d 5d 6d 15d 16d 135d 136d",
               "0m 10m 40m 70m 1d 5d 15d 135d"}));
INSTANTIATE_TEST_SUITE_P(
    Flags, Retention,
    testing::Values(
        Golden{"groups by themselves", "last=1", "0d b:1d 2d b:3d", "0d b:1d"},
        Golden{"targets by themselves", "last=1", "0d 1d off/1d off/2d", "0d off/1d"},
        Golden{"pinned, and counted", "last=2", "0d 1d* 2d 3d*", "0d 1d* 3d*"},
        Golden{"pinned, locked: damaged or not", "last=1", "0d 1d!* 2d!# 3d!", "0d 1d!* 2d!#"},
        Golden{"locked until later", "last=1", "0d 1d# 2d=", "0d 1d#"},
        Golden{"the newest is suspect", "last=1", "0d? 1d 2d 3d! 4d? 5d~", "0d? 1d 2d 3d! 4d? 5d~"},
        Golden{"it is on another target", "last=1", "b:off/0d? 1d 2d", "b:off/0d? 1d 2d"},
        Golden{"a good one followed", "last=1", "0d 1d? 2d", "0d"},
        Golden{"it followed elsewhere", "last=1", "off/0d 1d? 2d 3d", "off/0d 2d"},
        Golden{"suspect ones don't count", "last=2,daily=2", "0d 1d? 2d 3d", "0d 2d"},
        Golden{"but stay within", "last=1,within=1d", "0d 1d? 2d?", "0d 1d?"},
        Golden{"a damaged suspect one freezes nothing", "last=1", "0d!? 1d 2d", "0d!? 1d"},
        Golden{"a safety or final one neither", "last=1", "0d~? 1d 2d", "0d~? 1d"},
        Golden{"a suspect safety or final one is removed too", "last=1", "0d 1d~?", "0d"},
        Golden{"a spare one counts in its group", "last=1", "s:0d~ s:1d~ 2d", "s:0d~ 2d"},
        Golden{"damaged, nothing newer", "last=1", "0d! 1d 2d! 3d", "0d! 1d"},
        Golden{"damaged ones don't count", "last=2", "0d 1d! 2d 3d", "0d 2d"},
        Golden{"what is newer is suspect", "last=1", "b:0d 1d? 2d!", "b:0d 2d!"},
        Golden{"what is newer is elsewhere", "last=1", "b:0d off/1d 2d!", "b:0d off/1d 2d!"},
        Golden{"the only good one", "within=1d", "3d", "3d"},
        Golden{"the newest good one", "within=1d", "3d 5d", "3d"},
        Golden{"all its copies", "within=1d", "3d off/3d 5d off/5d", "3d off/3d"},
        Golden{"spare ones are none", "within=1d", "s:2d~ 3d", "3d"},
        Golden{"nor are damaged ones", "within=1d", "3d! 5d", "3d! 5d"},
        Golden{"only spare ones are left", "within=1d", "s:0d~ s:2d~", "s:0d~"}));

std::vector<std::string> reasons(const std::string& rules, const std::string& copies) {
  std::vector<std::string> texts;
  for (const auto& verdict : verdicts(rules, copies))
    texts.push_back((verdict.keep ? "+ " : "- ") + verdict.reason);
  return texts;
}

TEST(Reasons, NameEveryRuleThatHoldsACopyOrAllThatDoNot) {
  EXPECT_THAT(reasons("last=2,daily=7,weekly=4,within=36h", "0h 1h 1d 2d 49h 5d"),
              ElementsAre("+ kept: last 1 of 2, daily 1 of 7, weekly 1 of 4, within 36h",
                          "+ kept: last 2 of 2, within 36h", "+ kept: daily 2 of 7, within 36h",
                          "+ kept: daily 3 of 7", "- not within last 2, daily 7, weekly 4, 36h",
                          "+ kept: daily 4 of 7, weekly 2 of 4"));
}

TEST(Reasons, SayWhyACopyIsNeverRemoved) {
  EXPECT_THAT(reasons("last=1", "0d 1d* 2d#*"),
              ElementsAre("+ kept: last 1 of 1", "+ pinned", "+ pinned"));
  EXPECT_THAT(reasons("last=1", "0d? 1d 2d#"),
              ElementsAre("+ kept: x-0d is suspect, nothing is removed until it is accepted or a "
                          "good backup follows",
                          "+ kept: x-0d is suspect, nothing is removed until it is accepted or a "
                          "good backup follows",
                          "+ locked until 2026-05-15T12:00:01Z"));
  EXPECT_THAT(reasons("within=1d", "3d s:4d~ 5d?"),
              ElementsAre("+ the only good backup", "- not within 1d",
                          "- suspect, and a newer backup is good"));
  EXPECT_THAT(reasons("within=1d", "3d 4d"),
              ElementsAre("+ the newest good backup", "- not within 1d"));
}

TEST(Reasons, SayWhatIsWrongWithACopy) {
  EXPECT_THAT(reasons("last=1,within=1d", "s:0h~? 1h! 2h 1d? 2d! 3d?"),
              ElementsAre("+ suspect: within 1d", "+ damaged, and no newer backup is good",
                          "+ kept: last 1 of 1, within 1d", "+ suspect: within 1d",
                          "- damaged, and newer backups are good",
                          "- suspect, and a newer backup is good"));
  EXPECT_THAT(reasons("last=1", "s:0d~? 1d"),
              ElementsAre("+ suspect: no good backup follows it yet", "+ kept: last 1 of 1"));
}

TEST(Retention, AsksTheRulesOfEachGroupOnEachTarget) {
  const std::string copies = "0d 1d off/0d off/1d b:0d b:1d b:off/0d b:off/1d";
  const auto rules_of = [](const std::string& group, const std::string& target) {
    return KeepRules{.last = group == "a" && target == "local" ? 1 : 2};
  };
  EXPECT_EQ(staying(copies, retain(parse_copies(copies), rules_of, tests::utc_civil, {kNow})),
            "0d off/0d off/1d b:0d b:1d b:off/0d b:off/1d");
}

TEST(Retention, LeavesAGroupWithoutRulesAlone) {
  const auto rules_of = [](const std::string& group, const auto&) {
    return group == "a" ? KeepRules{.last = 1} : KeepRules{};
  };
  const std::string copies = "0d 1d manual:1d manual:2d! manual:3d?";
  const auto verdicts = retain(parse_copies(copies), rules_of, tests::utc_civil, {kNow});
  EXPECT_EQ(staying(copies, verdicts), "0d manual:1d manual:2d! manual:3d?");
  EXPECT_EQ(verdicts[2].reason, "kept: there are no rules for manual");
}

TEST(Retention, CountsDaysOnTheClockOfTheGroup) {
  const auto civil_of = [](const std::string& group, Time time) {
    return tests::utc_civil(group, group == "sydney" ? time + 10 * 3600 : time);
  };
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.daily = 1, .weekly = 1}; };
  // Sydney: Friday 22:00, 00:00, Thursday 23:00, 22:00.
  const std::string copies = "0h 22h 23h 1d sydney:0h sydney:22h sydney:23h sydney:1d";
  const auto kept = retain(parse_copies(copies), rules_of, civil_of, {kNow});
  EXPECT_EQ(staying(copies, kept), "0h sydney:0h");
  const auto two = [](const auto&, const auto&) { return KeepRules{.daily = 2}; };
  EXPECT_EQ(staying(copies, retain(parse_copies(copies), two, civil_of, {kNow})),
            "0h 22h sydney:0h sydney:23h");
}

TEST(Retention, CountsADayOnceThatAClockPutBackReturnsTo) {
  const auto civil_of = [](const auto&, Time time) {
    return CivilTime{2026, 10, time == kNow - 1200 ? 24 : 25, 0};
  };
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.daily = 3}; };
  const std::string copies = "0m 20m 40m";
  EXPECT_EQ(staying(copies, retain(parse_copies(copies), rules_of, civil_of, {kNow})), "0m 20m");
}

TEST(Retention, TellsTwoBackupsOfOneSecondApartByTheirIds) {
  auto items = parse_copies("0d 0d 0d");
  items[0].id = "x-2";
  items[1].id = "x-3";
  items[2].id = "x-1";
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.last = 1}; };
  EXPECT_EQ(staying("2 3 1", retain(items, rules_of, tests::utc_civil, {kNow})), "3");
  items[1].suspect = true;
  EXPECT_EQ(staying("2 3 1", retain(items, rules_of, tests::utc_civil, {kNow})), "2 3 1");
}

/// Copies from the newest to the oldest, whatever their times.
std::vector<RetentionItem> in_sequence(const std::string& copies) {
  auto items = parse_copies(copies);
  for (std::size_t i = 0; i < items.size(); ++i)
    items[i].sequence = static_cast<std::int64_t>(items.size() - i);
  return items;
}

TEST(Retention, TellsWhatIsNewerBySequenceNumbers) {
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.last = 2}; };
  const std::string copies = "20000d 0d 1d";
  EXPECT_EQ(staying(copies, retain(in_sequence(copies), rules_of, tests::utc_civil, {kNow})),
            "20000d 0d");
}

TEST(Retention, TakesNothingForOlderThanWhatWasMadeBeforeIt) {
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.within = 2 * kDay}; };
  const std::string copies = "0d 20000d 1d 3d";
  EXPECT_EQ(staying(copies, retain(in_sequence(copies), rules_of, tests::utc_civil, {kNow})),
            "0d 20000d 1d");
}

TEST(Retention, RemovesNothingByAgeAfterAClockLeaptAhead) {
  const auto rules_of = [](const auto&, const auto& target) {
    return target == "local" ? KeepRules{.within = kDay} : KeepRules{.daily = 1};
  };
  const std::string copies = "0d 9d off/0d off/9d";
  const Clock leapt{kNow, true};
  EXPECT_EQ(staying(copies, retain(parse_copies(copies), rules_of, tests::utc_civil, leapt)),
            "0d 9d off/0d");
}

TEST(Retention, KeepsTheWayBackFromACollapse) {
  const auto rules_of = [](const auto&, const auto&) { return KeepRules{.last = 1}; };
  auto items = parse_copies("0d 1d 2d");
  items[1].protected_until = kNow;
  items[2].protected_until = kNow + 1;
  EXPECT_EQ(staying("0d 1d 2d", retain(items, rules_of, tests::utc_civil, {kNow})), "0d 2d");
  EXPECT_EQ(staying("0d 1d 2d", retain(items, rules_of, tests::utc_civil, {kNow, true})),
            "0d 1d 2d");
}

TEST(Retention, HasNothingToSayOfNothing) {
  EXPECT_TRUE(retain({}, nullptr, nullptr, {kNow}).empty());
}

}  // namespace
}  // namespace backups
