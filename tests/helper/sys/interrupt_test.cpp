#include "sys/interrupt.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "sys/fd.hpp"

namespace backups {
namespace {

using tests::exited;
using tests::run_in_child;
using tests::ThrowsError;

bool readable(int fd) {
  pollfd waited{fd, POLLIN, 0};
  return ::poll(&waited, 1, 0) == 1;
}

// The state is that of the process: every test has its own.

class StopSignal : public testing::TestWithParam<int> {};

TEST_P(StopSignal, AsksForAStop) {
  const auto ending = run_in_child([] {
    interrupt::install();
    interrupt::check();
    EXPECT_FALSE(interrupt::requested());
    EXPECT_FALSE(readable(interrupt::poll_fd()));
    std::raise(GetParam());
    EXPECT_TRUE(interrupt::requested());
    EXPECT_TRUE(readable(interrupt::poll_fd()));
    EXPECT_THAT([] { interrupt::check(); }, ThrowsError(ErrorKind::kCancelled));
    EXPECT_THAT([] { interrupt::check(); }, ThrowsError(ErrorKind::kCancelled)) << "still";
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

INSTANTIATE_TEST_SUITE_P(Signals, StopSignal, testing::Values(SIGINT, SIGTERM));

TEST(Interrupt, IsForgottenWhenAPersonAskedAndOnlyThen) {
  const auto ending = run_in_child([] {
    interrupt::install();
    EXPECT_FALSE(interrupt::forget_person());
    std::raise(SIGINT);
    EXPECT_TRUE(interrupt::forget_person());
    EXPECT_FALSE(readable(interrupt::poll_fd()));
    interrupt::check();
    std::raise(SIGINT);
    EXPECT_TRUE(interrupt::requested()) << "of the next one";
    std::raise(SIGTERM);
    EXPECT_FALSE(interrupt::forget_person());
    EXPECT_TRUE(readable(interrupt::poll_fd()));
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(Interrupt, WakesAPollThatWaits) {
  Pipe ready = make_pipe();
  tests::Child child([&] {
    interrupt::install();
    write_all(ready.write.get(), "x", "pipe");
    pollfd waited{interrupt::poll_fd(), POLLIN, 0};
    while (::poll(&waited, 1, -1) < 1) {
    }
    interrupt::check();
    return 0;
  });
  ready.write.reset();
  char byte = 0;
  ASSERT_EQ(read_some(ready.read.get(), &byte, 1, "pipe"), 1U);
  EXPECT_FALSE(child.wait_for(std::chrono::milliseconds(200)));
  child.kill(SIGTERM);
  EXPECT_EQ(child.wait(), exited(12));
}

TEST(Interrupt, IsHeldBackByAShield) {
  const auto ending = run_in_child([] {
    interrupt::install();
    {
      const interrupt::Shield outer;
      {
        const interrupt::Shield inner;
        std::raise(SIGTERM);
      }
      EXPECT_FALSE(interrupt::requested());
      EXPECT_LT(interrupt::poll_fd(), 0);
      interrupt::check();
    }
    EXPECT_TRUE(interrupt::requested()) << "held back, not lost";
    EXPECT_TRUE(readable(interrupt::poll_fd()));
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(Interrupt, IgnoresAClientThatVanished) {
  const auto ending = run_in_child([] {
    interrupt::install();
    std::raise(SIGHUP);
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    EXPECT_EQ(::write(ends[1], "x", 1), -1);
    EXPECT_EQ(errno, EPIPE);
    interrupt::check();
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(Interrupt, SurvivesManySignals) {
  const auto ending = run_in_child([] {
    interrupt::install();
    for (int i = 0; i < 100'000; ++i) std::raise(SIGTERM);  // more than its pipe holds
    EXPECT_TRUE(interrupt::requested());
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(Interrupt, IsHeardWhereTheParentHadItBlocked) {
  const auto ending = run_in_child([] {
    sigset_t blocked;
    sigfillset(&blocked);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    interrupt::install();
    std::raise(SIGTERM);
    EXPECT_TRUE(interrupt::requested());
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

}  // namespace
}  // namespace backups
