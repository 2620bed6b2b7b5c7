#include "sys/self.hpp"

#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "support/child.hpp"

namespace backups {
namespace {

using tests::Child;
using tests::exited;
using tests::killed_by;

TEST(OwnProgram, HasTheNameThatListsOfProcessesShow) {
  EXPECT_EQ(own_program().filename(), "backups-tests");
}

TEST(KeepMemoryPrivate, LeavesNoCoreDumpAndNoLookInside) {
  const auto ending = tests::run_in_child([] {
    keep_memory_private();
    rlimit limit{};
    EXPECT_EQ(::getrlimit(RLIMIT_CORE, &limit), 0);
    EXPECT_EQ(limit.rlim_cur, 0U);
    EXPECT_EQ(limit.rlim_max, 0U);
    EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
    EXPECT_TRUE(start_of(::getpid())) << "what everybody may know of us";
    EXPECT_EQ(own_program().filename(), "backups-tests");
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(StartOf, IsTheSameForAsLongAsAProcessLives) {
  const Child child([] { return ::pause(); });
  const auto start = start_of(child.pid());
  ASSERT_TRUE(start);
  EXPECT_GT(*start, 0U);
  EXPECT_EQ(start_of(child.pid()), start);
  EXPECT_FALSE(start_of(0));
}

TEST(SignalProcess, ReachesTheProcessThatBeganThenAndNoOther) {
  Child child([] { return ::pause(); });
  const auto start = start_of(child.pid());
  ASSERT_TRUE(start);
  EXPECT_FALSE(signal_process(child.pid(), *start + 1, SIGKILL)) << "its number was another's";
  EXPECT_FALSE(signal_process(child.pid(), 0, SIGKILL)) << "nobody knows when it began";
  EXPECT_FALSE(child.wait_for(std::chrono::milliseconds(50)));
  EXPECT_TRUE(signal_process(child.pid(), *start, SIGKILL));
  EXPECT_EQ(child.wait(), killed_by(SIGKILL));
  EXPECT_FALSE(signal_process(child.pid(), *start, SIGKILL));
}

}  // namespace
}  // namespace backups
