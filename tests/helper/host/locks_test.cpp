#include "host/locks.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "host/run.hpp"
#include "host/state.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::Lab;
using tests::ThrowsError;

class LocksTest : public testing::Test {
 protected:
  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(LocksTest, ALockSaysWhoHasIt) {
  const Lock lock = state_.locks.acquire(Lab::source(), "create");
  const backups::Run run(state_.paths, kCreateVerb, Lab::source());
  EXPECT_THAT(
      [&] { state_.locks.acquire(Lab::source(), "restore"); },
      ThrowsError(ErrorKind::kBusy, testing::AllOf(HasSubstr("fake:one is busy: create (process " +
                                                             std::to_string(::getpid())),
                                                   HasSubstr("backups-helper cancel fake:one"))));
  EXPECT_FALSE(state_.locks.try_acquire(Lab::source(), "x"));
  EXPECT_TRUE(state_.locks.try_acquire(Lab::source("two"), "x"));
  EXPECT_TRUE(state_.locks.try_acquire({"mysql", "one", "one"}, "x"))
      << "a source is a type and a name";
}

/// By the run, not by what a person reads: a command that may only be waited for is not cancelled.
TEST_F(LocksTest, ALockOffersToCancelOnlyWhatCancelFinds) {
  const auto lock = std::make_optional(state_.locks.acquire(Lab::source(), "creating nothing"));
  const auto refused = [&](const testing::Matcher<std::string>& words) {
    return ThrowsError(ErrorKind::kBusy, words);
  };
  const auto again = [&] { state_.locks.acquire(Lab::source(), "x"); };
  EXPECT_THAT(again, refused(Not(HasSubstr(" cancel "))));
  {
    const backups::Run copy(state_.paths, kCopyVerb, Lab::source());
    EXPECT_THAT(again, refused(Not(HasSubstr(" cancel ")))) << "a copy does not hold the lock";
    const backups::Run other(state_.paths, kCreateVerb, Lab::source("two"));
    EXPECT_THAT(again, refused(Not(HasSubstr(" cancel "))));
    const backups::Run restore(state_.paths, kRestoreVerb, Lab::source());
    EXPECT_THAT(again, refused(HasSubstr("or stop it with backups-helper cancel fake:one")));
  }
  EXPECT_THAT(again, refused(Not(HasSubstr(" cancel ")))) << "it has ended";
}

TEST_F(LocksTest, IsFreeWhenItsHolderIsDone) {
  { const Lock lock = state_.locks.acquire(Lab::source(), "create"); }
  EXPECT_NO_THROW(state_.locks.acquire(Lab::source(), "restore"));
}

TEST_F(LocksTest, IsFreeWhenItsHolderWasKilled) {
  const fs::path standing = lab_.path() / "standing";
  tests::Child holder([&] {
    const Lock lock = state_.locks.acquire(Lab::source(), "create");
    tests::spill(standing, "x");
    for (;;) ::pause();
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(standing); }));
  EXPECT_THAT(
      [&] { state_.locks.acquire(Lab::source(), "restore"); },
      ThrowsError(ErrorKind::kBusy, HasSubstr("create (process " + std::to_string(holder.pid()))));
  holder.kill(SIGKILL);
  holder.wait();
  EXPECT_TRUE(state_.locks.try_acquire(Lab::source(), "restore"))
      << "although its text still names the dead one";
}

/// A full disk may have kept it from writing its name.
TEST_F(LocksTest, WhoseHolderIsUnknownIsBusyAllTheSame) {
  const Lock lock = Lock::acquire(state_.paths.lock("fake.one"));
  EXPECT_THAT([&] { state_.locks.acquire(Lab::source(), "restore"); },
              ThrowsError(ErrorKind::kBusy,
                          testing::StrEq("fake:one is busy: another command. Wait for it")));
}

}  // namespace
}  // namespace backups
