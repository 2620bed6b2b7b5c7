// Backups with a fault at every step in turn. After the next command, nothing is left of them, and
// every backup that is recorded as successful is complete.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "backup/create.hpp"
#include "base/text.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/faults.hpp"
#include "support/lab.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::create;
using tests::expect_sound;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::Lab;

/// The number of successes after the next command.
std::size_t successes(const Lab& lab) {
  State state = lab.open();
  Catalog::Filter filter;
  filter.status = BackupStatus::kSuccess;
  return state.catalog.open().list(filter).size();
}

class CreateFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(CreateFault, OfEveryCall) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    const Lab lab;
    lab.open().catalog.open();
    const FaultOutcome outcome = run_with_fault(plan, [&] {
      State state = lab.open();
      create(state);
    });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    expect_sound(lab);
    if (outcome.end == FaultOutcome::End::kDone) EXPECT_EQ(successes(lab), 1U);
    EXPECT_LE(successes(lab), 1U);
    return outcome;
  });
  EXPECT_GT(count, 50) << "the faults reach the files";
}

INSTANTIATE_TEST_SUITE_P(Kinds, CreateFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, EIO},
                                         FaultPlan{FaultPlan::Kind::kFails, 0, ENOSPC},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

/// A point at which a hook stands still until we are killed.
class KilledAt : public testing::TestWithParam<const char*> {};

TEST_P(KilledAt, LeavesAFailureAndNothingElse) {
  Lab lab;
  const std::string marker = lab.path() / "standing";
  lab.at(GetParam(),
         "cat \"$lab/live/one/a\" || :; setsid sleep 60 >/dev/null 2>&1 3>&- & echo $! "
         ">\"$lab/left\"; touch " +
             marker + "; exec sleep 60");
  tests::Child helper([&] {
    State state = lab.open();
    create(state);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(marker); }));
  helper.kill(SIGKILL);
  EXPECT_EQ(helper.wait(), tests::killed_by(SIGKILL));
  lab.forget_knobs();

  EXPECT_THAT(tests::stderr_of([&] { expect_sound(lab); }), HasSubstr("was interrupted"));
  const std::string left = "/proc/" + trim(tests::slurp(lab.path() / "left"));
  EXPECT_TRUE(tests::eventually([&] { return !fs::exists(left); }));
  State state = lab.open();
  ASSERT_THAT(state.catalog.open().list({}), SizeIs(1));
  EXPECT_EQ(state.catalog.open().list({})[0].status, BackupStatus::kFailed);
  EXPECT_EQ(state.catalog.open().list({})[0].error, "interrupted");
  create(state);
  EXPECT_EQ(successes(lab), 1U);
}

INSTANTIATE_TEST_SUITE_P(Points, KilledAt,
                         testing::Values("describe", "export.a", "export.b", "export.end"));

TEST(KilledCreate, AfterTheManifestIsASuccess) {
  Lab lab;
  lab.open().catalog.open();
  // The row cannot be written until this is closed.
  auto blocker = std::make_unique<Database>(lab.root() / "catalog.db");
  lab.at("export.b", "touch \"$lab/blocked\"; while [[ ! -e $lab/go ]]; do sleep 0.02; done");
  tests::Child helper([&] {
    State state = lab.open();
    create(state);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab.path() / "blocked"); }));
  blocker->execute("BEGIN IMMEDIATE");
  tests::spill(lab.path() / "go", "");
  const auto committed = [&] {
    const auto files = tests::files_below(lab.backups_of(Lab::source()));
    return std::any_of(files.begin(), files.end(), [](const std::string& file) {
      return file.ends_with(".json") && file[0] != '.';
    });
  };
  ASSERT_TRUE(tests::eventually(committed));
  helper.kill(SIGKILL);
  helper.wait();
  blocker.reset();
  EXPECT_THAT(tests::stderr_of([&] { expect_sound(lab); }), HasSubstr("had completed"));
  EXPECT_EQ(successes(lab), 1U);
}

TEST(CancelledCreate, LeavesAFailureAndNothingElse) {
  Lab lab;
  lab.at("export.b", "echo half; touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([&] {
    interrupt::install();
    State state = lab.open();
    create(state);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab.path() / "standing"); }));
  helper.kill(SIGINT);
  EXPECT_EQ(helper.wait(), tests::exited(12));
  State state = lab.open();
  EXPECT_THAT(state.catalog.open().in_progress(), IsEmpty()) << "without another command";
  EXPECT_EQ(state.catalog.open().list({}).at(0).reason, FailureReason::kCancelled);
  expect_sound(lab);
}

}  // namespace
}  // namespace backups
