// How a process and its children end: by stop(), by the destructor, and together with this process.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/shell.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::Optional;
using tests::eventually;
using tests::is_running;
using tests::slurp;

class ProcessStop : public testing::Test {
 protected:
  Command sh(const std::string& script) const {
    return {{"/bin/bash", "-c", script},
            {{"PATH", "/usr/bin:/bin"}, {"D", directory_.path().string()}},
            {}};
  }

  /// Waits until a script has written a complete pid to the file `name`.
  pid_t pid_in(const std::string& name) const {
    const auto path = directory_ / name;
    EXPECT_TRUE(eventually([&] { return slurp(path).ends_with('\n'); }));
    return std::stoi(slurp(path));
  }

  tests::TemporaryDirectory directory_;
};

TEST_F(ProcessStop, AsksWithTerm) {
  Process process(
      sh("trap 'echo asked >$D/asked; exit 7' TERM; echo $$ >$D/up; "
         "while :; do sleep 0.01; done"));
  pid_in("up");
  EXPECT_EQ(process.stop(), 7);
  EXPECT_EQ(slurp(directory_ / "asked"), "asked\n");
}

TEST_F(ProcessStop, KillsWhatDoesNotListen) {
  Process process(sh("trap '' TERM; echo $$ >$D/up; while :; do sleep 0.05; done"));
  pid_in("up");
  const auto start = steady_clock::now();
  EXPECT_EQ(process.stop(milliseconds(300)), 128 + SIGKILL);
  const auto took = steady_clock::now() - start;
  EXPECT_GE(took, milliseconds(250));
  EXPECT_LT(took, milliseconds(20'000));
}

TEST_F(ProcessStop, ReachesGrandchildren) {
  Process process(sh("sleep 60 & echo $! >$D/grandchild; wait"));
  const pid_t grandchild = pid_in("grandchild");
  EXPECT_TRUE(is_running(grandchild));
  process.stop();
  EXPECT_TRUE(eventually([&] { return !is_running(grandchild); }));
}

TEST_F(ProcessStop, KillsGrandchildrenThatDoNotListen) {
  Process process(
      sh("(trap '' TERM; echo $BASHPID >$D/grandchild; while :; do sleep 0.05; done) & wait"));
  const pid_t grandchild = pid_in("grandchild");
  process.stop();
  EXPECT_TRUE(eventually([&] { return !is_running(grandchild); }));
}

TEST_F(ProcessStop, OfWhatHasEndedReturnsItsStatus) {
  Process process(sh("exit 5"));
  EXPECT_THAT(process.wait(milliseconds::max()), Optional(5));
  EXPECT_EQ(process.stop(), 5);
}

TEST_F(ProcessStop, HappensWhenDestroyed) {
  pid_t pid = -1;
  {
    const Process process(sh("sleep 60"));
    pid = process.pid();
  }
  EXPECT_FALSE(is_running(pid));
}

TEST_F(ProcessStop, TakesWhatTheEndedProcessLeftBehind) {
  pid_t left = -1;
  {
    Process process(sh("sleep 60 </dev/null >/dev/null 2>&1 & echo $! >$D/left"));
    EXPECT_THAT(process.wait(milliseconds::max()), Optional(0));
    left = pid_in("left");
  }
  const bool gone = eventually([&] { return !is_running(left); });
  EXPECT_TRUE(gone) << "whatever a hook starts dies with it";
  if (!gone) ::kill(left, SIGKILL);
}

TEST_F(ProcessStop, HappensWhenWeAreKilled) {
  tests::Child helper([this] {
    Process process(sh("echo $$ >$D/up; exec sleep 60"));
    process.wait(milliseconds::max());
    return 0;
  });
  const pid_t pid = pid_in("up");
  helper.kill(SIGKILL);
  helper.wait();
  EXPECT_TRUE(eventually([&] { return !is_running(pid); }));
}

}  // namespace
}  // namespace backups
