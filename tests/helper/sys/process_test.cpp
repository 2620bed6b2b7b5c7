#include "sys/process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;
using tests::lines_of;
using tests::ThrowsError;

constexpr auto kForever = milliseconds::max();

Command sh(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, {}};
}

/// The output of a command on stdout.
std::string output_of(Command command) {
  Pipe out = make_pipe();
  command.descriptors[1] = out.write.get();
  Process process(command);
  out.write.reset();
  std::string text;
  std::array<char, 4096> buffer{};
  while (const auto got = read_some(out.read.get(), buffer.data(), buffer.size(), "pipe"))
    text.append(buffer.data(), got);
  EXPECT_THAT(process.wait(kForever), Optional(0));
  return text;
}

struct Ended {
  const char* script;
  int status;
};
class ProcessStatus : public testing::TestWithParam<Ended> {};

TEST_P(ProcessStatus, IsTheExitCodeOr128AndTheSignal) {
  Process process(sh(GetParam().script));
  EXPECT_THAT(process.wait(kForever), Optional(GetParam().status));
  EXPECT_THAT(process.wait(milliseconds(0)), Optional(GetParam().status)) << "asked again";
}

INSTANTIATE_TEST_SUITE_P(Scripts, ProcessStatus,
                         testing::Values(Ended{"exit 0", 0}, Ended{"exit 1", 1},
                                         Ended{"exit 255", 255}, Ended{"kill -9 $$", 137},
                                         Ended{"kill -TERM $$", 143}, Ended{"kill -SEGV $$", 139}));

TEST(Process, GetsItsArgumentsUntouched) {
  Command command = sh(R"(printf '%s\n' "$@")");
  for (const char* word : {"sh", "a b", "", "$x", "it's", "*"}) command.argv.emplace_back(word);
  EXPECT_THAT(lines_of(output_of(command)), ElementsAre("a b", "", "$x", "it's", "*"));
}

TEST(Process, GetsTheGivenEnvironmentAndNothingElse) {
  ::setenv("BACKUPS_LEAK", "secret", 1);
  const Command command{{"/usr/bin/env"}, {{"A", "1"}, {"B", "two words"}, {"C", ""}}, {}};
  EXPECT_THAT(lines_of(output_of(command)), ElementsAre("A=1", "B=two words", "C="));
  ::unsetenv("BACKUPS_LEAK");
}

TEST(Process, RunsInTheRootDirectory) { EXPECT_EQ(output_of(sh("pwd")), "/\n"); }

TEST(Process, GetsTheGivenDescriptors) {
  Pipe in = make_pipe();
  write_all(in.write.get(), "sent", "pipe");
  in.write.reset();
  Pipe three = make_pipe();
  Command command = sh("cat; echo said >&3");
  command.descriptors = {{0, in.read.get()}, {3, three.write.get()}};
  EXPECT_EQ(output_of(command), "sent");
  std::array<char, 16> buffer{};
  const auto got = read_some(three.read.get(), buffer.data(), buffer.size(), "pipe");
  EXPECT_EQ(std::string(buffer.data(), got), "said\n");
}

TEST(Process, GetsDescriptorsWhoseNumbersAreSwapped) {
  Pipe a = make_pipe();
  Pipe b = make_pipe();
  Command command = sh("echo to-a >&" + std::to_string(b.write.get()) + "; echo to-b >&" +
                       std::to_string(a.write.get()));
  command.descriptors = {{a.write.get(), b.write.get()}, {b.write.get(), a.write.get()}};
  Process process(command);
  EXPECT_THAT(process.wait(kForever), Optional(0));
  std::array<char, 16> buffer{};
  const auto got = read_some(a.read.get(), buffer.data(), buffer.size(), "pipe");
  EXPECT_EQ(std::string(buffer.data(), got), "to-a\n");
}

TEST(Process, GetsNoOtherDescriptor) {
  // As a caller may leave one open: `flock 9` in a crontab line, or sshd.
  const int stray = ::open("/dev/null", O_RDONLY);
  const std::string open = output_of(sh("ls /proc/self/fd"));
  ::close(stray);
  // The last one is that of ls itself, on the directory.
  EXPECT_THAT(lines_of(open), ElementsAre("0", "1", "2", "3"));
}

TEST(Process, IsItsOwnProcessGroup) {
  Process process(sh("sleep 30"));
  EXPECT_EQ(::getpgid(process.pid()), process.pid());
  EXPECT_NE(::getpgrp(), process.pid());
}

TEST(Process, HasDefaultSignals) {
  const auto ending = tests::run_in_child([] {
    for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE})
      std::signal(signal, SIG_IGN);
    sigset_t blocked;
    sigfillset(&blocked);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    EXPECT_THAT(output_of(sh("grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2")),
                testing::AllOf(HasSubstr("0000000000000000\n0000000000000000\n")));
    return 0;
  });
  EXPECT_EQ(ending, tests::exited(0));
}

TEST(Process, ThatDoesNotExistCannotBeRun) {
  EXPECT_THAT(
      [] {
        Process({{"/no/such/program"}, {}, {}});
      },
      ThrowsError(ErrorKind::kFailed,
                  HasSubstr("cannot run /no/such/program: No such file or directory")));
}

TEST(Process, ThatIsNotExecutableCannotBeRun) {
  const tests::TemporaryDirectory directory;
  tests::spill(directory / "script", "#!/bin/sh\n");
  const std::string path = directory / "script";
  EXPECT_THAT(
      [&] {
        Process({{path}, {}, {}});
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("Permission denied")));
}

TEST(Process, LeavesNoZombieWhenItCannotBeRun) {
  EXPECT_THROW(Process({{"/no/such/program"}, {}, {}}), Error);
  EXPECT_THAT(tests::shell("ps -o stat= --ppid " + std::to_string(::getpid())).out,
              testing::Not(HasSubstr("Z")));
}

TEST(Process, WaitReturnsNothingWhilePatienceLasts) {
  Process process(sh("sleep 30"));
  EXPECT_EQ(process.wait(milliseconds(50)), std::nullopt);
  EXPECT_EQ(process.wait(milliseconds(0)), std::nullopt);
}

TEST(Process, CanBeWaitedForWhereChildrenWereIgnored) {
  // As some parents leave it to what they start.
  const auto ending = tests::run_in_child([] {
    std::signal(SIGCHLD, SIG_IGN);
    interrupt::install();
    Process process(sh("exit 3"));
    return process.wait(seconds(20)).value_or(-1);
  });
  EXPECT_EQ(ending, tests::exited(3));
}

}  // namespace
}  // namespace backups
