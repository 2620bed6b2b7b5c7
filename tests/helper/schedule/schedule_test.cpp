#include "schedule/schedule.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "support/directory.hpp"
#include "support/manifests.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Optional;

constexpr Time kHour = 3600;
constexpr Time kDay = 24 * kHour;

class ScheduleTest : public testing::Test {
 protected:
  ScheduleTest() {
    schedule_.source = {"postgres", "my-db", "my-db"};
    schedule_.id = "daily";
    schedule_.cron = "0 2 * * *";
    schedule_.timezone = "UTC";
    schedule_.since = now_ - 10 * kDay;
  }
  Backup attempt(Time time) {
    return catalog_.begin(schedule_.source, time, Trigger::kSchedule, "", schedule_.id);
  }
  void success(Time time) {
    const Backup backup = attempt(time);
    Manifest manifest = tests::manifest_of(backup);
    manifest.schedule = schedule_.id;
    catalog_.succeed(backup, tests::sealed(manifest), "local", "");
  }
  void failure(Time time, FailureReason reason = FailureReason::kError) {
    catalog_.fail(attempt(time), "no", time + 60, reason);
  }
  std::optional<Time> due() { return schedule_status(catalog_, schedule_).due; }
  /// The first time after `time` that the cron expression names.
  Time next(Time time) const { return runs_after(schedule_, time, 1).at(0); }

  const Time now_ = now();
  tests::TemporaryDirectory directory_;
  Catalog catalog_{directory_ / "catalog.db"};
  Schedule schedule_;
};

TEST_F(ScheduleTest, ThatNeverRanIsDueAtTheFirstTimeAfterItWasSet) {
  EXPECT_THAT(due(), Optional(next(schedule_.since)));
  EXPECT_FALSE(schedule_status(catalog_, schedule_).last);
}

TEST_F(ScheduleTest, IsDueAfterItsLastRunNotAfterItsLastSuccess) {
  success(now_ - 3 * kDay);
  EXPECT_THAT(due(), Optional(next(now_ - 3 * kDay)));
  attempt(now_ - 60);
  EXPECT_THAT(due(), Optional(next(now_ - 60)));
  EXPECT_EQ(schedule_status(catalog_, schedule_).last->status, BackupStatus::kInProgress);
}

TEST_F(ScheduleTest, IsOverdueTwoMinutesAfterItWasDueUntilItStarts) {
  const ScheduleStatus waiting = schedule_status(catalog_, schedule_);
  EXPECT_FALSE(waiting.is_overdue(*waiting.due + 120 - 1));
  EXPECT_TRUE(waiting.is_due(*waiting.due));
  EXPECT_TRUE(waiting.is_overdue(*waiting.due + 120));
  schedule_.since = now_ - 3 * kDay;
  EXPECT_TRUE(schedule_status(catalog_, schedule_).is_overdue(now_));
  attempt(now_ - 60);
  EXPECT_FALSE(schedule_status(catalog_, schedule_).is_overdue(now_));
  schedule_.paused = "by hand";
  EXPECT_FALSE(schedule_status(catalog_, schedule_).is_overdue(now_ + 30 * kDay));
}

TEST_F(ScheduleTest, ABackupOfAnotherHostIsNoRun) {
  success(now_ - 3 * kDay);
  Manifest others = tests::manifest_of(schedule_.source, now_ - 60);
  others.trigger = Trigger::kSchedule;
  others.schedule = schedule_.id;
  catalog_.adopt(tests::sealed(others), "offsite", others.host, true);
  EXPECT_THAT(due(), Optional(next(now_ - 3 * kDay)));
  EXPECT_TRUE(is_silent(catalog_, schedule_, now_));
}

TEST_F(ScheduleTest, WhatWasMissedBeforeItWasSetIsNotMadeUpFor) {
  success(now_ - 5 * kDay);
  schedule_.since = now_ - kHour;
  EXPECT_THAT(due(), Optional(next(now_ - kHour)));
}

TEST_F(ScheduleTest, ThatIsPausedIsNeverDue) {
  schedule_.paused = "by hand";
  EXPECT_FALSE(due());
  EXPECT_FALSE(is_silent(catalog_, schedule_, now_ + 30 * kDay));
}

TEST_F(ScheduleTest, ARunFromTheFutureIsNotCountedAsDone) {
  success(now_ + 30 * kDay);
  EXPECT_THAT(due(), Optional(next(schedule_.since)));
}

TEST_F(ScheduleTest, ThatWasSetWhileTheClockWasAheadIsDueAtOnce) {
  schedule_.since = now_ + 365 * kDay;
  ASSERT_TRUE(due());
  EXPECT_LT(*due(), now_);
}

TEST_F(ScheduleTest, AFailureIsRetriedLaterAndLater) {
  EXPECT_THAT((std::vector<Time>{retry_delay(1), retry_delay(2), retry_delay(3), retry_delay(4)}),
              ElementsAre(5 * 60, 20 * 60, 80 * 60, 320 * 60));
  EXPECT_THAT((std::vector<Time>{retry_delay(5), retry_delay(50)}), Each(6 * kHour));
}

TEST_F(ScheduleTest, AFailureIsRetriedAfterItsEndButNeverLaterThanItsNextTurn) {
  schedule_.cron = "0 2 1 1 *";  // the next turn is far away
  schedule_.since = now_ - kDay;
  const Time began = now_ - 600;
  failure(began);
  EXPECT_THAT(due(), Optional(began + 60 + retry_delay(1)));
  schedule_.cron = "* * * * *";
  EXPECT_THAT(due(), Optional(next(began)));
}

TEST_F(ScheduleTest, FailuresInARowAreCountedSinceTheLastSuccess) {
  schedule_.cron = "0 2 1 1 *";
  schedule_.since = now_ - kDay;
  failure(now_ - 5 * kHour);
  success(now_ - 4 * kHour);
  failure(now_ - 3 * kHour);
  failure(now_ - 2 * kHour);
  EXPECT_THAT(due(), Optional(now_ - 2 * kHour + 60 + retry_delay(2)));
}

TEST_F(ScheduleTest, WhatAPersonStoppedWaitsForItsTurn) {
  failure(now_ - 600, FailureReason::kCancelled);
  EXPECT_THAT(due(), Optional(next(now_ - 600)));
}

TEST_F(ScheduleTest, TheEndOfAnInterruptedAttemptIsUnknown) {
  schedule_.cron = "0 2 1 1 *";
  schedule_.since = now_ - kDay;
  failure(now_ - 600, FailureReason::kInterrupted);
  EXPECT_THAT(due(), Optional(now_ - 600 + retry_delay(1)));
}

TEST_F(ScheduleTest, IsSilentOnceTwoRunsWereMissed) {
  success(now_ - 3 * kDay);
  const auto missed = runs_after(schedule_, now_ - 3 * kDay, 2);
  EXPECT_FALSE(is_silent(catalog_, schedule_, missed[1]));
  EXPECT_FALSE(is_silent(catalog_, schedule_, missed[1] + 4 * 60)) << "it may be in progress";
  EXPECT_TRUE(is_silent(catalog_, schedule_, missed[1] + 6 * 60));
  failure(now_ - kHour);
  EXPECT_TRUE(is_silent(catalog_, schedule_, now_)) << "an attempt that failed is no success";
}

TEST_F(ScheduleTest, OfOneThatNeverSucceededSilenceCountsFromWhenItWasSet) {
  const auto missed = runs_after(schedule_, schedule_.since, 2);
  EXPECT_FALSE(is_silent(catalog_, schedule_, missed[0] + kHour));
  EXPECT_TRUE(is_silent(catalog_, schedule_, missed[1] + kHour));
}

}  // namespace
}  // namespace backups
