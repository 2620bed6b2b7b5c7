#include "schedule/job.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "catalog/job_marks.hpp"
#include "model/target.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using tests::Lab;

class JobTest : public testing::Test {
 protected:
  JobTest() {
    // No server listens on this port.
    for (const char* name : {"far", "near"})
      change([&](Settings& settings) {
        settings.targets[name] = {{"bucket", "bucket"}, {"endpoint", "http://127.0.0.1:1"}};
      });
    did_today("prune");
    did_today("upload sweep far");
    did_today("upload sweep near");
  }
  template <typename Change>
  void change(const Change& change) {
    state_.settings.change(change);
  }
  void did_today(const std::string& mark) {
    JobMarks(state_.catalog.open().database()).mark_done(mark, now());
  }
  /// A schedule with a run a year, of which that many are due.
  void schedule(const std::string& name, std::vector<std::string> targets, int runs = 1) {
    lab_.set_live(name, {{"a", "rows"}, {"b", "more rows"}});
    Schedule one;
    one.source = Lab::source(name);
    one.id = "hourly";
    one.cron = "0 0 1 1 *";
    one.timezone = "UTC";
    one.since = now() - runs * 366 * kDay;
    one.targets = std::move(targets);
    change([&](Settings& settings) { settings.schedules.push_back(one); });
  }
  /// "lane: name" of each due job.
  std::vector<std::string> due() {
    std::vector<std::string> found;
    for (const auto& job : due_jobs(state_)) found.push_back(job.lane + ": " + job.name);
    return found;
  }
  /// The name of the job and its outcome, preceded by "begins " if it began.
  std::string run(const std::string& name) {
    for (const auto& job : due_jobs(state_)) {
      if (job.name != name) continue;
      std::string started;
      const JobOutcome outcome = job.run([&] { started = "begins "; });
      return started + (outcome == JobOutcome::kRan    ? "ran"
                        : outcome == JobOutcome::kBusy ? "busy"
                                                       : "not due");
    }
    return "not listed";
  }
  Backup queued_copy(const std::string& target) {
    const Backup backup = tests::row_of(state_, tests::create(state_).id);
    state_.catalog.open().mark_copy(backup, {target, CopyStatus::kFailed, "it is queued", {}});
    return tests::row_of(state_, backup.id);
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(JobTest, ABackupIsInTheLaneOfItsFirstTargetAndLocalIsAlwaysFirst) {
  schedule("one", {"far", "near"});
  schedule("two", {"far", "local"});
  schedule("three", {"gone", "near"});
  EXPECT_THAT(due(), testing::UnorderedElementsAre("far: fake:one hourly", "local: fake:two hourly",
                                                   "near: fake:three hourly"));
}

TEST_F(JobTest, TheLongestOverdueComesFirst) {
  schedule("one", {"local"}, 1);
  schedule("two", {"local"}, 3);
  EXPECT_THAT(due(), ElementsAre("local: fake:two hourly", "local: fake:one hourly"));
}

TEST_F(JobTest, AQueuedCopyIsInTheLaneOfItsTargetAndAfterBackups) {
  const Backup backup = queued_copy("far");
  schedule("two", {"far"});
  EXPECT_THAT(due(), ElementsAre("far: fake:two hourly", "far: fake:" + backup.id + " to far"));
}

TEST_F(JobTest, ACopyToATargetThatIsGoneIsNoJob) {
  queued_copy("far");
  change([](Settings& settings) { settings.targets.erase("far"); });
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(JobTest, ACopyWhoseSourceIsLockedStaysDueAndDoesNotBegin) {
  const Backup backup = queued_copy("far");
  const std::string name = "fake:" + backup.id + " to far";
  const Lock lock = state_.locks.acquire(Lab::source(), "a test");
  EXPECT_EQ(run(name), "busy");
  EXPECT_THAT(due(), Contains("far: " + name));
}

TEST_F(JobTest, WhatAnotherProcessDidMeanwhileDoesNotBegin) {
  schedule("two", {"local"});
  const Backup backup = queued_copy("far");
  const auto jobs = due_jobs(state_);
  EXPECT_EQ(run("fake:two hourly"), "begins ran");
  state_.catalog.open().mark_copy(backup, {"far", CopyStatus::kInProgress, "", {}});
  state_.catalog.open().mark_copy(backup, {"far", CopyStatus::kSuccess, "", {}});
  for (const auto& job : jobs)
    EXPECT_EQ(job.run([&] { ADD_FAILURE() << job.name << " began"; }), JobOutcome::kNotDue);
}

TEST_F(JobTest, ACopyThatFailsIsRecordedAndDueAgainLater) {
  const Backup backup = queued_copy("far");
  const std::string name = "fake:" + backup.id + " to far";
  EXPECT_THROW(run(name), Error);
  const Backup after = tests::row_of(state_, backup.id);
  EXPECT_EQ(after.copy_on("far")->status, CopyStatus::kFailed);
  EXPECT_THAT(after.copy_on("far")->error, Not(HasSubstr("queued")));
  EXPECT_THAT(due(), Not(Contains(HasSubstr(name)))) << "after five minutes";
}

TEST_F(JobTest, RetentionOfEverySourceIsDueOnceADayInTheLocalLane) {
  JobMarks(state_.catalog.open().database()).mark_done("prune", now() - 86400);
  change([](Settings& settings) { settings.set("fake:one", "keep-manual", "last=1"); });
  tests::create(state_);
  const std::string newest = tests::create(state_).id;
  EXPECT_THAT(due(), ElementsAre("local: prune"));
  EXPECT_EQ(run("prune"), "begins ran");
  ASSERT_EQ(state_.catalog.open().list({}).size(), 1U);
  EXPECT_EQ(state_.catalog.open().list({})[0].id, newest);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(JobTest, RetentionInOneProcessIsBusyInAnother) {
  JobMarks(state_.catalog.open().database()).mark_done("prune", 0);
  const auto lock = Lock::try_acquire(state_.paths.lock("daily prune"), "a test");
  EXPECT_EQ(run("prune"), "busy");
}

/// Otherwise one dead target would hold up the sweep of all others, and what comes after it.
TEST_F(JobTest, UploadsAreSweptInTheLaneOfEachTargetOnceADay) {
  JobMarks(state_.catalog.open().database()).mark_done("upload sweep far", now() - 86400);
  EXPECT_THAT(due(), ElementsAre("far: upload sweep far"));
  testing::internal::CaptureStderr();
  EXPECT_EQ(run("upload sweep far"), "begins ran");
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              StartsWith(" !     Could not look for unfinished uploads on far"));
  EXPECT_THAT(due(), IsEmpty()) << "a dead target is asked again tomorrow";
}

}  // namespace
}  // namespace backups
