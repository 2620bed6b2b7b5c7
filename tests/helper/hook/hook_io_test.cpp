// The pipes between a hook and the helper: full, silent, held by other processes, or closed.
#include <gmock/gmock.h>

#include <csignal>

#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/hook_bench.hpp"
#include "support/shell.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::SizeIs;
using tests::Collector;
using tests::exited;
using tests::run_in_child;
using tests::ThrowsError;

constexpr Timeouts kTimeouts{seconds(20), seconds(20)};

class HookIo : public tests::HookBench {
 protected:
  std::string output(const Timeouts& timeouts = kTimeouts) {
    Hook hook = start();
    Collector out;
    hook.copy_output(out, timeouts);
    hook.wait();
    return out.text;
  }
};

TEST_F(HookIo, OutputIsLargerThanAPipe) {
  write_hook("head -c 20000000 /dev/zero");
  EXPECT_THAT(output(), SizeIs(20'000'000));
}

TEST_F(HookIo, OutputAndManyWordsAtOnce) {
  write_hook(
      "for i in {1..3000}; do echo \"line $i of many\" >&2; head -c 1000 /dev/zero; "
      "echo '{\"detail\": {\"n\": '$i'}}' >&3; done");
  EXPECT_THAT(output(), SizeIs(3'000'000));
  EXPECT_THAT(logged(), HasSubstr("| line 3000 of many"));
  EXPECT_EQ(log_.detail(), R"({"n":3000})");
}

TEST_F(HookIo, AnAnswerHasAnEnd) {
  write_hook("head -c 20000000 /dev/zero");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("too long")));
}

TEST_F(HookIo, ALineWithoutEndIsNoDanger) {
  write_hook("head -c 5000000 /dev/zero | tr '\\0' x >&2; head -c 5000000 /dev/zero >&3; echo ok");
  EXPECT_EQ(output(), "ok\n");
  EXPECT_LT(logged().size(), 200'000U);
}

TEST_F(HookIo, NothingForTooLongAtTheStartIsATimeOut) {
  write_hook("exec sleep 60");
  const auto begin = steady_clock::now();
  EXPECT_THAT(
      [this] {
        output({seconds(1), seconds(30)});
      },
      ThrowsError(ErrorKind::kFailed, MatchesRegex("timeout: odd go sent nothing for 1 s")));
  EXPECT_LT(steady_clock::now() - begin, seconds(25));
}

TEST_F(HookIo, SilenceIsATimeOutOfItsOwn) {
  write_hook("echo first; exec sleep 60");
  EXPECT_THAT(
      [this] {
        output({seconds(30), seconds(1)});
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("timeout")));
}

TEST_F(HookIo, ThatClosesStdoutAndDoesNotEndIsATimeOut) {
  write_hook("echo all; exec >&-; exec sleep 60");
  EXPECT_THAT(
      [this] {
        output({seconds(30), seconds(3)});
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("did not exit")));
}

TEST_F(HookIo, SlowIsNotSilent) {
  write_hook("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done");
  EXPECT_EQ(output({seconds(3), seconds(3)}), "1\n2\n3\n4\n5\n6\n7\n8\n");
}

TEST_F(HookIo, ThatEndsWhileAnotherHoldsItsStderrEndsAllTheSame) {
  write_hook("sleep 20 </dev/null >/dev/null & echo \"$! stays\" >&2; echo out");
  const auto begin = steady_clock::now();
  EXPECT_EQ(output(), "out\n");
  EXPECT_LT(steady_clock::now() - begin, seconds(10));
  EXPECT_THAT(logged(), HasSubstr(" stays"));
}

TEST_F(HookIo, ThatEndsWhileAnotherHoldsItsStdoutIsNoSuccess) {
  // What the other one would still write is not there: never an end, but a time-out.
  write_hook("sleep 20 2>/dev/null & echo half");
  EXPECT_THAT(
      [this] {
        output({seconds(20), seconds(1)});
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("timeout")));
}

TEST_F(HookIo, ThatFailsWhileAnotherHoldsItsStdoutEndsAtOnce) {
  write_hook("sleep 60 2>/dev/null 3>&- & echo 'the reason' >&2; exit 1");
  const auto begin = steady_clock::now();
  EXPECT_THAT([this] { output(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("the reason")));
  EXPECT_LT(steady_clock::now() - begin, seconds(15));
}

TEST_F(HookIo, InputIsLargerThanAPipe) {
  write_hook("wc -c");
  Hook hook = start(Hook::Input::kPipe);
  for (int i = 0; i < 100; ++i) hook.input().write(std::string(100'000, 'x'));
  hook.input().finish();
  Collector out;
  hook.copy_output(out, kTimeouts);
  hook.wait();
  EXPECT_EQ(out.text, "10000000\n");
}

TEST_F(HookIo, InputThatIsNotReadIsNoErrorOfItsOwn) {
  write_hook("echo 'disk full' >&2; exit 14");
  Hook hook = start(Hook::Input::kPipe);
  for (int i = 0; i < 100; ++i) hook.input().write(std::string(100'000, 'x'));
  hook.input().finish();
  EXPECT_THAT([&] { hook.wait(); }, ThrowsError(ErrorKind::kNoSpace, HasSubstr("disk full")));
}

TEST_F(HookIo, InputThatIsReadSlowlyWaits) {
  write_hook("sleep 0.5; cat | wc -c");
  const std::string text(3'000'000, 'x');
  Hook hook = start(Hook::Input::kPipe);
  hook.input().write(text);
  hook.input().finish();
  Collector out;
  hook.copy_output(out, kTimeouts);
  hook.wait();
  EXPECT_EQ(out.text, "3000000\n");
}

TEST_F(HookIo, AnswersWhileItIsAsked) {
  // As `authorize` does, which prints each line that it has read.
  write_hook("cat");
  const auto ending = run_in_child(
      [this] {
        const std::string question(3'000'000, 'q');
        return query({}, question) == question ? 0 : 1;
      },
      seconds(30));
  EXPECT_EQ(ending, exited(0)) << "each waits for the other";
}

TEST_F(HookIo, AStopEndsIt) {
  write_hook("echo up; exec sleep 60");
  tests::Child child([this] {
    interrupt::install();
    output({seconds(60), seconds(60)});
    return 0;
  });
  EXPECT_TRUE(
      tests::eventually([this] { return logged().find("hook odd go") != std::string::npos; }));
  child.kill(SIGTERM);
  const auto begin = steady_clock::now();
  EXPECT_EQ(child.wait(), exited(12));
  EXPECT_LT(steady_clock::now() - begin, seconds(20));
}

TEST_F(HookIo, AStopEndsOneThatDoesNotReadItsInput) {
  write_hook("exec sleep 60");
  tests::Child child([this] {
    interrupt::install();
    Hook hook = start(Hook::Input::kPipe);
    tests::spill(lab_.path() / "writing", "");
    for (int i = 0; i < 100; ++i) hook.input().write(std::string(100'000, 'x'));
    return 0;
  });
  EXPECT_TRUE(tests::eventually([this] { return fs::exists(lab_.path() / "writing"); }));
  EXPECT_FALSE(child.wait_for(milliseconds(300)));
  child.kill(SIGTERM);
  EXPECT_EQ(child.wait(), exited(12));
}

TEST_F(HookIo, ThatIsGivenUpDoesNotSeeAnEndOfItsInput) {
  // An end would tell it that it has everything: `import --in-place` would go on with half a dump.
  write_hook("trap '' TERM; cat >/dev/null; echo swapped >" + (lab_.path() / "swapped").string());
  {
    Hook hook = start(Hook::Input::kPipe);
    hook.input().write("half");
  }
  EXPECT_FALSE(fs::exists(lab_.path() / "swapped"));
}

}  // namespace
}  // namespace backups
