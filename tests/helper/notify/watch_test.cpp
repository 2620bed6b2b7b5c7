#include "notify/watch.hpp"

#include <gmock/gmock.h>

#include <map>

#include "catalog/job_marks.hpp"
#include "host/state.hpp"
#include "model/target.hpp"
#include "support/capture.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::Lab;

/// The names of marks in catalogs that exist.
constexpr const char* kSeen = "clock";
constexpr const char* kLeapt = "clock leapt";

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    state_.events.subscribe([this](const HostEvent& event) {
      if (const auto* problem = std::get_if<Problem>(&event)) problems_.push_back(*problem);
      if (const auto* solved = std::get_if<ProblemSolved>(&event))
        solved_.push_back(solved->alert.kind);
      if (const auto* left = std::get_if<ProblemsLeft>(&event)) left_.push_back(*left);
    });
  }
  Catalog& catalog() { return state_.catalog.open(); }
  void mark(const std::string& name, Time time) {
    JobMarks(catalog().database()).mark_done(name, time);
  }
  Time seen() { return JobMarks(catalog().database()).done_at(kSeen); }
  std::string watch() {
    return tests::stderr_of([this] { watch_clock(catalog()); });
  }
  Backup made(Time time, const std::string& name = "one") {
    const Backup begun = catalog().begin(Lab::source(name), time, Trigger::kManual, "");
    catalog().succeed(begun, tests::manifest_of(begun), kLocalTarget, "");
    return begun;
  }
  std::string warned(const std::string& name = "one") {
    return tests::stderr_of([&] { warn_of_clock(catalog(), Lab::source(name)); });
  }

  Lab lab_;
  State state_ = lab_.open();
  std::vector<Problem> problems_;
  std::vector<AlertKind> solved_;
  std::vector<ProblemsLeft> left_;
};

TEST_F(WatchTest, TheFirstLookIsNoLeap) {
  const Time before = now();
  EXPECT_THAT(watch(), IsEmpty());
  EXPECT_GE(seen(), before);
  EXPECT_FALSE(has_leapt(catalog()));
}

TEST_F(WatchTest, AMachineThatWasOffForDaysHasNotLeapt) {
  mark(kSeen, now() - 7 * kDay + kHour);
  EXPECT_THAT(watch(), IsEmpty());
  EXPECT_FALSE(has_leapt(catalog()));
  EXPECT_GE(seen(), now() - kHour);
}

TEST_F(WatchTest, AClockThatIsMoreThanAWeekAheadHasLeaptAndThatIsSaidOnce) {
  mark(kSeen, now() - 7 * kDay - kHour);
  EXPECT_THAT(watch(), AllOf(HasSubstr("The clock jumped from "),
                             HasSubstr("nothing is removed by age for a day")));
  EXPECT_TRUE(has_leapt(catalog()));
  EXPECT_THAT(watch(), IsEmpty());
  EXPECT_TRUE(has_leapt(catalog()));
}

TEST_F(WatchTest, ALeapIsForgottenAfterADay) {
  mark(kLeapt, now() - kDay + kHour);
  EXPECT_TRUE(has_leapt(catalog()));
  mark(kLeapt, now() - kDay - 1);
  EXPECT_FALSE(has_leapt(catalog()));
}

TEST_F(WatchTest, ALeapOfAClockThatWasCorrectedIsNone) {
  mark(kSeen, now() + 30 * kDay);
  mark(kLeapt, now() + 30 * kDay);
  EXPECT_FALSE(has_leapt(catalog()));
  EXPECT_THAT(watch(), IsEmpty());
  EXPECT_LE(seen(), now()) << "or the next leap would go unnoticed for a month";
}

TEST_F(WatchTest, TheTimeIsWrittenOnceAnHour) {
  const Time lately = now() - kHour / 2;
  mark(kSeen, lately);
  watch();
  EXPECT_EQ(seen(), lately);
  mark(kSeen, now() - kHour - 60);
  watch();
  EXPECT_GT(seen(), lately);
}

TEST_F(WatchTest, ABackupOfTheFutureIsNamedBeforeOneOfItsSource) {
  made(now() - kDay);
  EXPECT_THAT(warned(), IsEmpty());
  const Backup ahead = made(now() + 2 * kDay);
  EXPECT_THAT(warned(), AllOf(HasSubstr("1 backup(s) have a later time: " + ahead.text()),
                              HasSubstr("backups-helper delete " + ahead.text())));
  EXPECT_THAT(warned("two"), IsEmpty());
}

TEST_F(WatchTest, OfManyBackupsOfTheFutureThreeAreNamed) {
  std::vector<std::string> texts;
  for (int i = 1; i <= 4; ++i) texts.insert(texts.begin(), made(now() + i * kDay).text());
  EXPECT_THAT(warned(), AllOf(HasSubstr("4 backup(s)"), HasSubstr(texts[0] + ", "),
                              HasSubstr(texts[2] + ", ..."), Not(HasSubstr(texts[3]))));
}

TEST_F(WatchTest, BackupsOfTheFutureAreAnIncidentUntilThereAreNone) {
  publish_clock_problem(state_.events, catalog());
  EXPECT_THAT(solved_, ElementsAre(AlertKind::kClock));
  EXPECT_THAT(problems_, IsEmpty());
  const Backup one = made(now() + 2 * kDay, "one");
  const Backup two = made(now() + 3 * kDay, "two");
  publish_clock_problem(state_.events, catalog());
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_EQ(problems_[0].alert.kind, AlertKind::kClock);
  EXPECT_THAT(problems_[0].alert.message, AllOf(HasSubstr(one.text()), HasSubstr(two.text())));
  EXPECT_TRUE(problems_[0].is_logged);
  for (const auto& backup : {one, two}) catalog().mark_deleted(backup, now());
  publish_clock_problem(state_.events, catalog());
  EXPECT_THAT(solved_, SizeIs(2));
  EXPECT_THAT(problems_, SizeIs(1));
}

TEST_F(WatchTest, ValidSettingsEndEveryIncidentOfTheirs) {
  publish_unclear_settings(state_.events, state_.settings);
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_EQ(left_[0].kind, AlertKind::kSettings);
  EXPECT_THAT(left_[0].left, IsEmpty());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(WatchTest, SettingsThatAreNotUnderstoodAreOneIncidentForEachThingThatTheyConcern) {
  tests::spill(state_.paths.settings(),
               R"({"properties": {"--global": {"timezone": "Mars/Phobos", "compression": 1},
                                  "fake:one": {"compression": "brotli"}},
                   "targets": {"off": {"colour": "red"}},
                   "schedules": [{"type": "fake", "name": "two", "id": "daily"}]})");
  publish_unclear_settings(state_.events, state_.settings);
  std::map<std::string, std::string> messages;
  for (const auto& problem : problems_) {
    EXPECT_EQ(problem.alert.kind, AlertKind::kSettings);
    EXPECT_TRUE(problem.is_logged);
    EXPECT_TRUE(messages.emplace(subject_of(problem.alert), problem.alert.message).second);
  }
  ASSERT_THAT(messages, testing::UnorderedElementsAre(testing::Key(""), testing::Key("fake:one"),
                                                      testing::Key("fake:two daily")));
  EXPECT_THAT(messages.at(""), AllOf(HasSubstr("timezone"), HasSubstr("; "),
                                     HasSubstr("compression"), HasSubstr("target off")));
  EXPECT_THAT(messages.at("fake:one"), HasSubstr("brotli"));
  ASSERT_THAT(left_, SizeIs(1));
  EXPECT_THAT(left_[0].left, ElementsAre("", "fake:one", "fake:two daily"));
}

}  // namespace
}  // namespace backups
