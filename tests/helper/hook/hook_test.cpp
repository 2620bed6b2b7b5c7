// What a hook receives, and how its exit code is understood.
#include "hook/hook.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/hook_bench.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using tests::lines_of;
using tests::ThrowsError;

class HookTest : public tests::HookBench {};

TEST_F(HookTest, AnswersOnStdout) {
  write_hook("printf 'got %s|' \"$@\"");
  EXPECT_EQ(query({"a b", "", "it's", "--x"}), "got a b|got |got it's|got --x|");
}

TEST_F(HookTest, IsGivenTheEnvironmentOfTheContractAndNothingElse) {
  write_hook("env | grep -vE '^(_|SHLVL|PWD|OLDPWD)=' | sort");  // bash's own
  ::setenv("AWS_SECRET_ACCESS_KEY", "leak", 1);
  EXPECT_THAT(lines_of(query()),
              ElementsAre("BACKUPS_ACTION=go", "BACKUPS_RUN_DIR=" + run_.directory().string(),
                          "BACKUPS_RUN_ID=" + run_.record().id, "BACKUPS_TYPE=odd",
                          "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"));
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
}

TEST_F(HookTest, RunsInTheRootDirectoryInAGroupOfItsOwnWithNothingToRead) {
  write_hook("pwd; read -r line || echo end; ps -o pgid= -p $$ | tr -d ' '; echo $$");
  const auto lines = lines_of(query());
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "/");
  EXPECT_EQ(lines[1], "end");
  EXPECT_EQ(lines[2], lines[3]);
}

TEST_F(HookTest, MayKeepFilesInItsRunDirectory) {
  write_hook(
      "stat -c %a \"$BACKUPS_RUN_DIR\"; umask 077; echo secret >\"$BACKUPS_RUN_DIR/pgpass\"");
  EXPECT_EQ(query(), "700\n");
  EXPECT_EQ(tests::slurp(run_.directory() / "pgpass"), "secret\n");
}

TEST_F(HookTest, ReadsItsInput) {
  write_hook("tr a-z A-Z");
  EXPECT_EQ(query({}, "loud"), "LOUD");
}

struct Exit {
  int code;
  ErrorKind kind;
};
class HookExit : public tests::HookBench, public testing::WithParamInterface<Exit> {};

TEST_P(HookExit, CodeIsTheKindAndTheLastLineTheMessage) {
  write_hook("echo first >&2; echo 'the reason' >&2; echo >&2; exit " +
             std::to_string(GetParam().code));
  EXPECT_THAT([this] { query(); }, ThrowsError(GetParam().kind, HasSubstr("the reason")));
}

TEST_P(HookExit, CodeIsTheKindEvenOfAHookThatSaysNothing) {
  write_hook("exit " + std::to_string(GetParam().code));
  EXPECT_THAT([this] { query({"x"}); }, ThrowsError(GetParam().kind, HasSubstr("odd go x")));
}

INSTANTIATE_TEST_SUITE_P(
    Codes, HookExit,
    testing::Values(Exit{1, ErrorKind::kFailed}, Exit{2, ErrorKind::kBadInput},
                    Exit{3, ErrorKind::kNotFound}, Exit{4, ErrorKind::kBusy},
                    Exit{5, ErrorKind::kStopped}, Exit{6, ErrorKind::kPaused},
                    Exit{7, ErrorKind::kDamaged}, Exit{11, ErrorKind::kRefused},
                    Exit{14, ErrorKind::kNoSpace}, Exit{20, ErrorKind::kUnauthorised},
                    Exit{10, ErrorKind::kFailed}, Exit{12, ErrorKind::kFailed},
                    Exit{125, ErrorKind::kFailed}, Exit{255, ErrorKind::kFailed}),
    [](const auto& info) { return std::to_string(info.param.code); });

TEST_F(HookTest, ThatFailsIsNamedWithItsExitCodeAndLastWords) {
  write_hook("echo 'pg_dump: error: no' >&2; exit 17");
  EXPECT_THAT(
      [this] {
        query({"my-db", "a\x1b[2J"});
      },
      ThrowsError(ErrorKind::kFailed,
                  "odd go my-db a?[2J failed with exit code 17: pg_dump: error: no"));
}

TEST_F(HookTest, ThatIsKilledIsNamedWithTheSignal) {
  write_hook("kill -KILL $$");
  EXPECT_THAT([this] { query(); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("was killed by signal 9")));
}

TEST_F(HookTest, ThatExitsWith255WasNotKilled) {
  write_hook("exit 255");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("exit code 255")));
}

TEST_F(HookTest, SaysNothingOfAnEarlierHook) {
  write_hook("echo 'old words' >&2");
  query();
  write_hook("exit 1");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kFailed, Not(HasSubstr("old words"))));
}

TEST_F(HookTest, ThatIsMissingCannotBeRun) {
  write_hook("");
  EXPECT_THAT([this] { query_hook(state_.hooks, run_, log_, "odd", "none", {}); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("odd/none")));
  EXPECT_FALSE(has_hook(state_.hooks, "odd", "none"));
}

TEST_F(HookTest, OfATypeWithoutADirectoryIsTheGenericOne) {
  lab_.add_hook("generic", "go", "#!/bin/bash\necho \"generic for $BACKUPS_TYPE\"");
  EXPECT_EQ(query_hook(state_.hooks, run_, log_, "redis", "go", {}), "generic for redis\n");
  EXPECT_EQ(query_hook(state_.hooks, run_, log_, "", "go", {}), "generic for \n");
  EXPECT_TRUE(has_hook(state_.hooks, "redis", "go"));
  EXPECT_FALSE(has_hook(state_.hooks, "redis", "none"));
  write_hook("");
  EXPECT_FALSE(has_hook(state_.hooks, "odd", "other")) << "a type's own directory stands alone";
}

TEST_F(HookTest, AuthorizeIsOfNoType) {
  tests::spill(lab_.hooks() / "authorize", "#!/bin/bash\ncat");
  fs::permissions(lab_.hooks() / "authorize", fs::perms::owner_all);
  EXPECT_EQ(query_hook(state_.hooks, run_, log_, "", "authorize", {}, "a:b\n"), "a:b\n");
}

TEST_F(HookTest, StderrGoesToTheLog) {
  write_hook("echo one >&2; printf 'two\\x1b[2J\\n\\n' >&2; printf 'no newline' >&2");
  query();
  EXPECT_THAT(lines_of(logged()), ElementsAre(HasSubstr(" hook odd go"), HasSubstr(" | one"),
                                              HasSubstr(" | two?[2J"), HasSubstr(" | no newline")));
}

TEST_F(HookTest, SecretsOfStderrAreMaskedInLogAndMessage) {
  write_hook("echo 'at postgres://bob:hunter2@db/x' >&2; exit 1");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kFailed, Not(HasSubstr("hunter2"))));
  EXPECT_THAT(logged(), AllOf(HasSubstr("bob:*******@db"), Not(HasSubstr("hunter2"))));
}

TEST_F(HookTest, Descriptor3TakesWarningsAndDetails) {
  write_hook(R"(echo '{"warning": "retagged"}' >&3
echo 'no JSON' >&3
echo '["no object"]' >&3
echo '{"progress": {"done": 1, "total": 2}}' >&3
echo '{"detail": {"a": 1, "b": 1}}' >&3
printf '{"detail": {"b": 2}, "warning": "another"}' >&3)");
  EXPECT_EQ(tests::stderr_of([this] { EXPECT_EQ(query(), ""); }),
            " !     retagged\n !     another\n");
  EXPECT_THAT(log_.warnings(), ElementsAre("retagged", "another"));
  EXPECT_EQ(log_.detail(), R"({"a":1,"b":2})");
}

TEST_F(HookTest, IsStoppedWhenNobodyWaitsForIt) {
  write_hook("echo $$; exec sleep 60");
  pid_t pid = 0;
  {
    Hook hook = start();
    tests::Collector out;
    EXPECT_THAT(
        [&] {
          hook.copy_output(out, {std::chrono::seconds(20), std::chrono::seconds(1)});
        },
        ThrowsError(ErrorKind::kFailed, StartsWith("timeout")));
    pid = std::stoi(out.text);
    EXPECT_TRUE(tests::is_running(pid));
  }
  EXPECT_FALSE(tests::is_running(pid));
}

TEST_F(HookTest, SweepIsCalledOnlyWhereThereIsOne) {
  RunRecord dead;
  dead.id = "create-1";
  dead.source = {"odd", "x", "x"};
  write_hook("");
  sweep_hooks(state_.hooks, state_.paths, dead);
  lab_.add_hook("odd", "sweep", "#!/bin/bash\necho \"$1\" >" + (lab_.path() / "swept").string());
  sweep_hooks(state_.hooks, state_.paths, dead);
  EXPECT_EQ(tests::slurp(lab_.path() / "swept"), "create-1\n");
  lab_.add_hook("odd", "sweep", "#!/bin/bash\necho no >&2; exit 1");
  EXPECT_THAT([&] { sweep_hooks(state_.hooks, state_.paths, dead); },
              ThrowsError(ErrorKind::kFailed));
}

TEST_F(HookTest, ThatAnnouncesItsExitCodeDoesNotPassOnThatOfAProgramItRan) {
  write_hook("printf '{\"exit\":1}\\n' >&3; echo 'mysqldump: no luck' >&2; exit 2");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("no luck")));
  write_hook("printf '{\"exit\":5}\\n' >&3; echo stopped >&2; exit 5");
  EXPECT_THAT([this] { query(); }, ThrowsError(ErrorKind::kStopped, HasSubstr("stopped")));
}

}  // namespace
}  // namespace backups
