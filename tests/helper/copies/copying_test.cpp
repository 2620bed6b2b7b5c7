#include "copies/copying.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "host/state.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::Lab;
using tests::ThrowsError;

Backup backup_of(const Source& source, const std::string& id) {
  Backup backup;
  backup.source = source;
  backup.id = id;
  return backup;
}

class CopyingTest : public testing::Test {
 protected:
  std::unique_ptr<Copying> copy(const std::string& target) {
    return std::make_unique<Copying>(state_.paths, state_.locks.acquire(backup_.source, "push"),
                                     backup_, target);
  }

  Lab lab_;
  State state_ = lab_.open();
  const Backup backup_ = backup_of(Lab::source(), "one-2026-04-08-14-30-00");
};

TEST_F(CopyingTest, MarksTheBackupUntilItIsDone) {
  EXPECT_FALSE(is_being_copied(state_.paths, backup_));
  EXPECT_NO_THROW(require_not_copied(state_.paths, backup_));
  {
    const auto copying = copy("far");
    EXPECT_TRUE(is_being_copied(state_.paths, backup_));
    EXPECT_TRUE(is_being_copied(state_.paths, backup_, "far"));
    EXPECT_FALSE(is_being_copied(state_.paths, backup_, "near"));
  }
  EXPECT_FALSE(is_being_copied(state_.paths, backup_));
  EXPECT_TRUE(fs::is_empty(state_.paths.runs()));
}

TEST_F(CopyingTest, NamesTheProcessAndHowToStopIt) {
  const auto copying = copy("far");
  const auto refused = ThrowsError(
      ErrorKind::kBusy, AllOf(HasSubstr(backup_.id + " is being copied to far (process " +
                                        std::to_string(::getpid()) + ", since 20"),
                              HasSubstr("backups-helper cancel fake:one")));
  EXPECT_THAT([&] { require_not_copied(state_.paths, backup_); }, refused);
  EXPECT_THAT([&] { copy("far"); }, refused);
}

TEST_F(CopyingTest, LeavesTheSourceFreeAndOtherTargetsToo) {
  const auto far = copy("far");
  EXPECT_TRUE(state_.locks.try_acquire(Lab::source(), "create"));
  const auto near = copy("near");
  EXPECT_TRUE(is_being_copied(state_.paths, backup_, "far"));
  EXPECT_TRUE(is_being_copied(state_.paths, backup_, "near"));
}

TEST_F(CopyingTest, ThatIsRefusedLeavesNeitherAMarkNorTheLock) {
  {
    const auto far = copy("far");
    EXPECT_THAT([&] { copy("far"); }, ThrowsError(ErrorKind::kBusy));
    EXPECT_TRUE(state_.locks.try_acquire(Lab::source(), "create"));
  }
  EXPECT_FALSE(is_being_copied(state_.paths, backup_));
  EXPECT_NO_THROW(copy("far"));
}

TEST_F(CopyingTest, ToSeveralTargetsIsInTheWayOfEach) {
  {
    const auto all = copy("");
    EXPECT_TRUE(is_being_copied(state_.paths, backup_, "far"));
    EXPECT_THAT([&] { copy("far"); }, ThrowsError(ErrorKind::kBusy, Not(HasSubstr("copied to"))));
  }
  const auto far = copy("far");
  EXPECT_THAT([&] { copy(""); }, ThrowsError(ErrorKind::kBusy, HasSubstr("copied to far")));
}

TEST_F(CopyingTest, IsOfThisBackupOnly) {
  const auto far = copy("far");
  for (const auto& other : {backup_of(Lab::source(), "one-2026-04-08-14-30-01"),
                            backup_of({"other", "one", "one"}, backup_.id)})
    EXPECT_FALSE(is_being_copied(state_.paths, other)) << other.text();
}

TEST_F(CopyingTest, IsNotWhatOtherCommandsDoWithTheBackup) {
  for (const char* verb : {kCreateVerb, kRestoreVerb, kPushVerb}) {
    backups::Run run(state_.paths, verb, backup_.source);
    run.set_backup(backup_.id);
    run.set_target("far", "host");
    EXPECT_FALSE(is_being_copied(state_.paths, backup_, "far")) << verb;
  }
}

TEST_F(CopyingTest, OfAProcessThatWasKilledIsNone) {
  tests::Child child([this] {
    const auto far = copy("far");
    return std::raise(SIGKILL);
  });
  EXPECT_EQ(child.wait(), tests::killed_by(SIGKILL));
  EXPECT_FALSE(is_being_copied(state_.paths, backup_, "far"));
  EXPECT_NO_THROW(copy("far"));
}

}  // namespace
}  // namespace backups
