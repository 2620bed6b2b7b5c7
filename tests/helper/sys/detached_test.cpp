#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "base/text.hpp"
#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "sys/lock.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::eventually;
using tests::slurp;
using tests::TemporaryDirectory;
using tests::ThrowsError;

class DetachedTest : public testing::Test {
 protected:
  Command bash(const std::string& text) {
    return {{"/bin/bash", "-c", text}, {{"PATH", "/usr/bin:/bin"}}, {}};
  }
  std::string answer() {
    EXPECT_TRUE(eventually([&] { return fs::exists(answer_); }));
    return trim(slurp(answer_));
  }

  TemporaryDirectory directory_;
  fs::path answer_ = directory_ / "answer";
  std::string say_ =
      " >" + answer_.string() + ".new; mv " + answer_.string() + ".new " + answer_.string();
};

TEST_F(DetachedTest, ItOutlivesWhoStartedIt) {
  const std::string home = directory_.path();
  EXPECT_EQ(tests::run_in_child([&] {
              spawn_detached(bash("while [[ -d " + home + " && ! -e " + home +
                                  "/go ]]; do sleep 0.02; done; echo here" + say_));
              return 0;
            }),
            tests::exited(0));
  EXPECT_FALSE(fs::exists(answer_)) << "it was waited for";
  tests::spill(directory_ / "go", "");
  EXPECT_EQ(answer(), "here");
}

TEST_F(DetachedTest, ItHasNoTerminalNoDescriptorAndNoParentOfOurs) {
  const Fd open(::dup(STDERR_FILENO));  // not close-on-exec
  spawn_detached(
      bash("n=0; for fd in /proc/$$/fd/*; do [[ ! -e $fd ]] || n=$((n + 1)); done; "
           "for fd in 0 1 2; do [[ /proc/$$/fd/$fd -ef /dev/null ]] && n=$((n - 1)); done; "
           "echo $n $(ps -o ppid=,sid= -p $$) $PWD" +
           say_));
  const auto words = split(answer(), ' ');
  ASSERT_EQ(words.size(), 4U);
  EXPECT_EQ(words[0], "0");
  EXPECT_NE(words[1], std::to_string(::getpid()));
  EXPECT_NE(words[2], std::to_string(::getsid(0)));
  EXPECT_EQ(words[3], "/");
}

TEST_F(DetachedTest, ALockOfOursIsFreeWhenWeLetItGo) {
  const fs::path path = directory_ / "lock";
  {
    const auto lock = Lock::try_acquire(path, "test");
    spawn_detached(bash("sleep 2"));
  }
  EXPECT_TRUE(Lock::try_acquire(path, "test"));
}

TEST_F(DetachedTest, OneThatCannotBeStartedIsAnError) {
  EXPECT_THAT(
      [&] {
        spawn_detached({{"/no/such/program"}, {}, {}});
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("/no/such/program")));
}

TEST_F(DetachedTest, WhatAProcessLeavesBehindGoesOnIfItMay) {
  Command command = bash("(sleep 0.3; echo here" + say_ + ") & exit 0");
  command.leaves_work = true;
  Process process(command);
  EXPECT_EQ(process.wait(std::chrono::seconds(10)), 0);
  EXPECT_EQ(answer(), "here");
}

}  // namespace
}  // namespace backups
