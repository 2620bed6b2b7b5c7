#include "sys/lock.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using tests::Child;
using tests::eventually;
using tests::TemporaryDirectory;
using tests::ThrowsError;

class LockTest : public testing::Test {
 protected:
  /// A process that acquires the lock and keeps it.
  std::unique_ptr<Child> hold() {
    auto child = std::make_unique<Child>([this] {
      const auto lock = Lock::try_acquire(path_, "the other one");
      while (lock) ::pause();
      return 1;
    });
    EXPECT_TRUE(eventually([this] { return Lock::holder(path_) == "the other one"; }));
    return child;
  }

  TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "lock";
};

TEST_F(LockTest, IsHeldUntilDestroyed) {
  {
    const auto lock = Lock::try_acquire(path_, "me");
    ASSERT_TRUE(lock);
    EXPECT_TRUE(Lock::is_held(path_));
    EXPECT_FALSE(Lock::try_acquire(path_, "me again"));
  }
  EXPECT_FALSE(Lock::is_held(path_));
  EXPECT_TRUE(Lock::try_acquire(path_, "me again"));
}

TEST_F(LockTest, ExcludesAnotherProcessAndSaysWhoHasIt) {
  const auto other = hold();
  EXPECT_FALSE(Lock::try_acquire(path_, "me"));
  EXPECT_EQ(Lock::holder(path_), "the other one");
}

TEST_F(LockTest, IsReleasedHoweverItsProcessEnds) {
  const auto other = hold();
  other->kill(SIGKILL);
  other->wait();
  EXPECT_FALSE(Lock::is_held(path_));
  EXPECT_TRUE(Lock::try_acquire(path_, "me"));
  EXPECT_EQ(Lock::holder(path_), "me");
}

TEST_F(LockTest, AcquireWaits) {
  auto other = hold();
  Child waiter([this] {
    const Lock lock = Lock::acquire(path_);
    return 0;
  });
  EXPECT_FALSE(waiter.wait_for(std::chrono::milliseconds(200)));
  other.reset();
  EXPECT_EQ(waiter.wait(), tests::exited(0));
}

TEST_F(LockTest, AcquireEndsWhenAStopIsAskedFor) {
  const auto other = hold();
  Child waiter([this] {
    interrupt::install();
    std::raise(SIGINT);
    const Lock lock = Lock::acquire(path_);
    return 0;
  });
  EXPECT_EQ(waiter.wait_for(std::chrono::seconds(10)),
            tests::exited(static_cast<int>(ErrorKind::kCancelled)));
}

TEST_F(LockTest, IsNotInheritedByWhatIsRun) {
  std::optional<Lock> lock = Lock::try_acquire(path_, "me");
  ASSERT_EQ(std::system("sleep 2 >/dev/null 2>&1 &"), 0);
  lock.reset();
  EXPECT_FALSE(Lock::is_held(path_));
}

TEST_F(LockTest, ReplacesALongerHolder) {
  { const auto lock = Lock::try_acquire(path_, "a very long description of who has it"); }
  const auto lock = Lock::try_acquire(path_, "b");
  EXPECT_EQ(Lock::holder(path_), "b");
}

TEST_F(LockTest, OfNoFileIsNotHeld) {
  EXPECT_FALSE(Lock::is_held(path_));
  EXPECT_EQ(Lock::holder(path_), "");
}

TEST_F(LockTest, ThatCannotBeOpenedIsAnError) {
  EXPECT_THAT([this] { Lock::try_acquire(directory_.path() / "no" / "lock", "me"); },
              ThrowsError(ErrorKind::kFailed));
}

}  // namespace
}  // namespace backups
