// Restores that are killed, or get an error from a system call, at every step in turn: the live
// data is completely the old or completely the new, and the next command removes everything else.
#include <gmock/gmock.h>

#include <csignal>

#include "lifecycle/recover.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/faults.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using tests::create;
using tests::expect_sound;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::Lab;

using Live = std::map<std::string, std::string>;
const Live kChanged = {{"a", "changed"}, {"b", "changed too"}};

class RestoreFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(RestoreFault, OfEveryCall) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    Lab lab;
    State state = lab.open();
    const Live original = lab.live();
    const std::string id = create(state).id;
    lab.set_live("one", kChanged);
    const FaultOutcome outcome = run_with_fault(plan, [&] {
      State own = lab.open();
      tests::restore(own, id);
    });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    EXPECT_THAT(lab.live(), AnyOf(original, kChanged)) << "before any other command";
    if (outcome.end == FaultOutcome::End::kDone) EXPECT_EQ(lab.live(), original);
    expect_sound(lab);
    EXPECT_THAT(lab.live(), AnyOf(original, kChanged));
    return outcome;
  });
  EXPECT_GT(count, 20);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RestoreFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, EIO},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

/// A point at which a hook stands still until we are killed.
class RestoreKilledAt : public testing::TestWithParam<const char*> {};

TEST_P(RestoreKilledAt, IsUndoneOrDone) {
  Lab lab;
  State state = lab.open();
  const Live original = lab.live();
  const std::string id = create(state).id;
  lab.set_live("one", kChanged);
  lab.at(GetParam(), "touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([&] {
    State own = lab.open();
    tests::restore(own, id);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab.path() / "standing"); }));
  helper.kill(SIGKILL);
  EXPECT_EQ(helper.wait(), tests::killed_by(SIGKILL));
  lab.forget_knobs();
  lab.forget_calls();

  const std::string said = tests::stderr_of([&] { expect_sound(lab); });
  const bool swapped = std::string(GetParam()).starts_with("commit.");
  EXPECT_EQ(lab.live(), swapped ? original : kChanged);
  EXPECT_THAT(lab.calls(), testing::ElementsAre("sweep RUN", "abandon one WHERE"))
      << "what the dead one left goes first, since it may hold the place";
  EXPECT_THAT(said, HasSubstr("was interrupted"));
  tests::restore(state, id);
  EXPECT_EQ(lab.live(), original);
}

INSTANTIATE_TEST_SUITE_P(Points, RestoreKilledAt,
                         testing::Values("prepare", "prepare.end", "import.a", "import.b",
                                         "import.end", "commit", "commit.middle", "commit.end"));

TEST(RestoreKilled, BeforeItBeganLeavesNothingToAbandon) {
  Lab lab;
  State state = lab.open();
  const std::string id = create(state).id;
  lab.at("describe", "touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([&] {
    State own = lab.open();
    tests::restore(own, id);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab.path() / "standing"); }));
  helper.kill(SIGKILL);
  helper.wait();
  lab.forget_knobs();
  lab.forget_calls();
  expect_sound(lab);
  EXPECT_THAT(lab.calls(), testing::ElementsAre("sweep RUN"));
}

TEST(RestoreKilled, WhileItReplacedLiveDataIsFoundUntilOneReplacesThemWhole) {
  Lab lab;
  State state = lab.open();
  const std::string id = create(state).id;
  lab.at("import.b", "touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([&] {
    State own = lab.open();
    tests::restore(own, id, Lab::source(), true);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab.path() / "standing"); }));
  helper.kill(SIGKILL);
  helper.wait();
  lab.forget_knobs();
  for (int command = 0; command < 2; ++command) {
    EXPECT_THAT(tests::stderr_of([&] { tests::recover(state); }),
                HasSubstr("may be incomplete or missing"));
  }
  EXPECT_THAT(state.catalog.open().events(tests::row_of(state, id)), testing::IsEmpty());
  tests::restore(state, id);
  EXPECT_THAT(tests::stderr_of([&] { expect_sound(lab); }), testing::IsEmpty());
}

}  // namespace
}  // namespace backups
