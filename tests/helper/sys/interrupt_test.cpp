#include "sys/interrupt.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

#include "support/capture.hpp"
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

// The state belongs to the process, so that each test runs in its own.

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

/// From a process of its own, as each request of a person is.
void request_stop(int signal = SIGINT) {
  const pid_t asked = ::getpid();
  EXPECT_EQ(run_in_child([&] { return ::kill(asked, signal); }), exited(0));
}

TEST(Interrupt, IsHeldBackByAShieldUntilOneMoreComes) {
  const auto ending = run_in_child([] {
    interrupt::install();
    request_stop();
    EXPECT_TRUE(interrupt::requested());
    {
      const interrupt::Shield cleaning_up;
      EXPECT_FALSE(interrupt::requested());
      EXPECT_FALSE(readable(interrupt::poll_fd())) << "nobody is woken by what is noted";
      interrupt::check();
      request_stop();
      EXPECT_TRUE(readable(interrupt::poll_fd()));
      EXPECT_THAT([] { interrupt::check(); }, ThrowsError(ErrorKind::kCancelled));
    }
    EXPECT_TRUE(interrupt::requested()) << "held back, not lost";
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

TEST(Interrupt, IsNotedBySteps) {
  const auto ending = run_in_child([] {
    interrupt::install();
    const std::string said = tests::stderr_of([] {
      const interrupt::Shield outer(1, "the outer step is completed");
      const interrupt::Shield inner(1, "the inner step is completed");
      interrupt::check();
      request_stop();
      interrupt::check();
      interrupt::check();
      EXPECT_FALSE(interrupt::requested());
      {
        const interrupt::Shield cleaning_up;
        EXPECT_FALSE(interrupt::requested());
      }
      request_stop(SIGTERM);
      EXPECT_TRUE(interrupt::requested());
    });
    EXPECT_EQ(said, " !     the outer step is completed\n") << "once, and of what it is about";
    return 0;
  });
  EXPECT_EQ(ending, exited(0));
}

// timeout(1) signals its child and then the child's process group.
TEST(Interrupt, CountsSignalsOfOneSenderAtOnceAsOne) {
  const auto ending = run_in_child([] {
    interrupt::install();
    const interrupt::Shield shield(1);
    const pid_t asked = ::getpid();
    EXPECT_EQ(run_in_child([&] { return ::kill(asked, SIGTERM) + ::kill(asked, SIGTERM); }),
              exited(0));
    EXPECT_FALSE(interrupt::requested());
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
