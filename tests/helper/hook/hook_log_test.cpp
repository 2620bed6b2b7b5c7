#include "hook/hook_log.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "base/log.hpp"
#include "model/limits.hpp"
#include "support/capture.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using tests::lines_of;

class HookLogTest : public testing::Test {
 protected:
  std::string text() const { return tests::slurp(path_); }

  tests::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_.path() / "logs" / "fake" / "x.log";
};

TEST_F(HookLogTest, KeepsLinesWithTheirTime) {
  HookLog log(path_);
  log.note("hook fake export");
  log.add_line("hello");
  EXPECT_THAT(lines_of(text()), ElementsAre(MatchesRegex("....-..-..T..:..:..Z hook fake export"),
                                            MatchesRegex("....-..-..T..:..:..Z \\| hello")));
}

TEST_F(HookLogTest, IsForItsOwnerOnly) {
  const HookLog log(path_);
  EXPECT_EQ(tests::mode_of(path_), 0600U);
  EXPECT_EQ(tests::mode_of(path_.parent_path()), 0700U);
}

TEST_F(HookLogTest, Appends) {
  HookLog(path_).note("first");
  HookLog(path_).note("second");
  EXPECT_THAT(lines_of(text()), ElementsAre(HasSubstr("first"), HasSubstr("second")));
}

TEST_F(HookLogTest, DoesNotFollowALink) {
  std::filesystem::create_directories(path_.parent_path());
  std::filesystem::create_symlink(directory_ / "victim", path_);
  EXPECT_THAT([this] { HookLog{path_}; }, tests::ThrowsError(ErrorKind::kFailed));
}

TEST_F(HookLogTest, WithoutAPathKeepsOnlyTheLastLine) {
  HookLog log{{}};
  log.add_line("hello");
  EXPECT_EQ(log.failure(), "hello");
  EXPECT_THAT(tests::files_below(directory_.path()), IsEmpty());
}

TEST_F(HookLogTest, RemembersTheLastLineThatWasNotBlank) {
  HookLog log(path_);
  EXPECT_EQ(log.failure(), "");
  log.add_line("first");
  log.add_line("  second \r");
  log.add_line("");
  log.add_line("  \t");
  EXPECT_EQ(log.failure(), "second");
  log.forget();
  EXPECT_EQ(log.failure(), "");
}

TEST_F(HookLogTest, CutsLongLines) {
  HookLog log(path_);
  log.add_line(std::string(100'000, 'x'));
  EXPECT_LT(text().size(), 5'000U);
}

TEST_F(HookLogTest, StopsAtOneMebibyteAndSaysSo) {
  HookLog log(path_);
  for (int i = 0; i < 1000; ++i) log.add_line(std::string(4'000, 'x'));
  log.add_line("the end");
  EXPECT_LT(text().size(), (1U << 20) + 10'000U);
  EXPECT_THAT(text(), testing::EndsWith("(the log is full: later lines are dropped)\n"));
  EXPECT_EQ(log.failure(), "the end") << "the message of a failure does not depend on it";
}

TEST_F(HookLogTest, MergesDetails) {
  HookLog log(path_);
  EXPECT_EQ(log.detail(), "{}");
  log.add_message(R"({"detail": {"a": {"x": 1}, "b": 2}})");
  log.add_message(R"({"detail": {"a": {"y": 1}}})");
  log.add_message(R"({"detail": "no object"})");
  EXPECT_EQ(log.detail(), R"({"a":{"y":1},"b":2})");
}

TEST_F(HookLogTest, MakesWarningsFitForATerminal) {
  HookLog log(path_);
  const std::string said = tests::stderr_of([&] {
    log.add_message(R"({"warning": "a\u001b[2Jb password=hunter2"})");
    log.add_message(R"({"warning": 7})");
  });
  EXPECT_EQ(said, " !     a?[2Jb password=*******\n");
  EXPECT_THAT(log.warnings(), ElementsAre("a?[2Jb password=*******"));
  EXPECT_THAT(text(), HasSubstr("warning: a?[2Jb"));
}

TEST_F(HookLogTest, IgnoresMessagesThatAreNone) {
  HookLog log(path_);
  for (const char* message : {"", "{", "7", "null", "[{}]", "{}", "\xff", "{\"warning\":"})
    log.add_message(message);
  EXPECT_THAT(log.warnings(), IsEmpty());
  EXPECT_EQ(log.detail(), "{}");
}

TEST_F(HookLogTest, IsUsedFromTwoThreads) {
  HookLog log(path_);
  std::thread other([&] {
    for (int i = 0; i < 2000; ++i) log.add_line("from the hook");
  });
  for (int i = 0; i < 2000; ++i) log.note("from us");
  other.join();
  EXPECT_THAT(lines_of(text()), testing::SizeIs(4000));
  EXPECT_THAT(text(), Not(HasSubstr("from usfrom")));
}

TEST_F(HookLogTest, OnAFullDiskLosesLinesAndNothingElse) {
  if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const tests::TinyDisk disk(16);
  HookLog log(disk.path() / "x.log");
  for (int i = 0; i < 100; ++i) log.add_line(std::string(1000, 'x'));
  EXPECT_EQ(log.failure(), std::string(1000, 'x'));
}

TEST(HookLogFailure, CarriesWhatTheProgramsCalledAnErrorAndNotOnlyTheLastLine) {
  HookLog log{{}};
  log.add_line("pg_dump: error: connection failed: FATAL:  sorry, too many clients already");
  log.add_line("some detail");
  log.add_line("the dump of shop failed (status 1)");
  EXPECT_EQ(log.failure(),
            "the dump of shop failed (status 1): pg_dump: error: connection failed: FATAL:  "
            "sorry, too many clients already");
  log.forget();
  log.add_line("ERROR 1356 (HY000) at line 3: View 'v' references invalid table(s)");
  log.add_line("--exit-on-error: ignored");
  log.add_line("0 errors");
  EXPECT_EQ(log.failure(),
            "0 errors: ERROR 1356 (HY000) at line 3: View 'v' references invalid table(s)");
}

TEST_F(HookLogTest, TakesOnlySoMuchFromAHook) {
  HookLog log(path_);
  testing::internal::CaptureStderr();
  for (std::size_t i = 0; i < limits::kWarnings + 5; ++i)
    log.add_message(R"({"warning": ")" + std::to_string(i) + std::string(5000, 'x') + R"("})");
  testing::internal::GetCapturedStderr();
  ASSERT_THAT(log.warnings(), testing::SizeIs(limits::kWarnings));
  EXPECT_EQ(log.warnings().front().size(), limits::kWarning);
  EXPECT_EQ(log.warnings().back(), "there were more: see the log");
  log.add_message(R"({"detail": {"a": 1}})");
  log.add_message(R"({"detail": {"b": ")" + std::string(limits::kText + 1, 'x') + R"("}})");
  log.add_message(R"({"detail": )" + std::string(50'000, '[') + std::string(50'000, ']') + "}");
  log.add_message(R"({"detail": {"c": )" + std::string(50'000, '[') + std::string(50'000, ']') +
                  "}}");
  EXPECT_EQ(log.detail(), R"({"a":1})");
}

TEST_F(HookLogTest, KeepsNoEscapeOfAnybody) {
  HookLog log(path_);
  log.note("failed: \x1b[2J");
  EXPECT_THAT(text(), HasSubstr("failed: ?[2J"));
}

}  // namespace
}  // namespace backups
