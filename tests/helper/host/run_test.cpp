#include "host/run.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>

#include "lifecycle/recover.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using tests::Lab;

class RunTest : public testing::Test {
 protected:
  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(RunTest, LeavesItsRecordWhileItLives) {
  {
    const Time before = now();
    backups::Run run(state_.paths, "create", Lab::source());
    run.set_backup("one-2026-04-08-14-30-00");
    run.set_place("1f0c2a9b");
    EXPECT_EQ(tests::mode_of(run.directory()), 0700U);
    EXPECT_THAT(list_runs(state_.paths, false), IsEmpty());
    const auto alive = list_runs(state_.paths, true);
    ASSERT_THAT(alive, SizeIs(1));
    EXPECT_THAT(alive[0].id, MatchesRegex("create-[0-9-]{19}-[0-9a-f]{8}"));
    EXPECT_EQ(alive[0].id, run.directory().filename());
    EXPECT_EQ(alive[0].verb, "create");
    EXPECT_EQ(alive[0].source, Lab::source());
    EXPECT_EQ(alive[0].backup, "one-2026-04-08-14-30-00");
    EXPECT_EQ(alive[0].place, "1f0c2a9b");
    EXPECT_EQ(alive[0].pid, ::getpid());
    EXPECT_GE(alive[0].started_at, before);
    EXPECT_LE(alive[0].started_at, now());
  }
  EXPECT_THAT(list_runs(state_.paths, true), IsEmpty());
  EXPECT_THAT(list_runs(state_.paths, false), IsEmpty());
  EXPECT_TRUE(fs::is_empty(state_.paths.runs()));
}

TEST_F(RunTest, RemovesWhatHooksPutThere) {
  {
    const backups::Run run(state_.paths, "create", Lab::source());
    tests::spill(run.directory() / "a" / "b", "x");
  }
  EXPECT_TRUE(fs::is_empty(state_.paths.runs()));
}

TEST_F(RunTest, ThatIsKeptIsDeadAfterwards) {
  { backups::Run(state_.paths, "restore", Lab::source()).keep(); }
  const auto dead = list_runs(state_.paths, false);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].verb, "restore");
  remove_run(state_.paths, dead[0]);
  EXPECT_TRUE(fs::is_empty(state_.paths.runs()));
}

TEST_F(RunTest, OfAKilledProcessIsDead) {
  tests::Child child([this] {
    const backups::Run run(state_.paths, "create", Lab::source());
    return std::raise(SIGKILL);
  });
  child.wait();
  const auto dead = list_runs(state_.paths, false);
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].pid, child.pid());
}

TEST_F(RunTest, WithoutARecordHasNoSource) {
  for (const char* text : {"", "{", "[]", "7"}) {
    tests::spill(state_.paths.runs() / "create-x" / "run.json", text);
    const auto dead = list_runs(state_.paths, false);
    ASSERT_THAT(dead, SizeIs(1));
    EXPECT_EQ(dead[0].id, "create-x");
    EXPECT_EQ(dead[0].source.type, "");
  }
}

TEST_F(RunTest, OfTwoAtOnceAreApart) {
  const backups::Run first(state_.paths, "list", {});
  const backups::Run second(state_.paths, "list", {});
  EXPECT_NE(first.directory(), second.directory());
  EXPECT_THAT(list_runs(state_.paths, true), SizeIs(2));
}

TEST_F(RunTest, IsNotSweptWhileItBegins) {
  // Every command recovers first, so that one looks for dead runs while others begin.
  tests::Child sweeper([this] {
    State own = lab_.open();
    for (;;) tests::recover(own);
    return 0;
  });
  int swept = 0;
  for (int i = 0; i < 1500; ++i) {
    try {
      backups::Run run(state_.paths, "list", {});
      run.set_backup("x");
      if (!fs::exists(run.directory() / "run.json")) ++swept;
    } catch (const std::exception&) {
      ++swept;
    }
  }
  EXPECT_EQ(swept, 0) << "runs of a living process, of 1500, were taken for dead";
}

TEST_F(RunTest, ShowsTheCopiesOfABackupThatIsBeingRemovedAsDeleting) {
  Backup backup;
  backup.source = Lab::source();
  backup.status = BackupStatus::kSuccess;
  backup.copies = {{"far", CopyStatus::kSuccess, "", {}}, {"local", CopyStatus::kDeleted, "", {}}};
  backup.deleting = true;
  std::vector<Backup> shown = {backup};
  show_interrupted(state_.paths, shown);
  EXPECT_EQ(shown[0].copies[0].status, CopyStatus::kDeleting);
  EXPECT_EQ(shown[0].copies[1].status, CopyStatus::kDeleted);
}

TEST_F(RunTest, IsAliveToOthersHoweverOftenTheyLook) {
  tests::Child looker([this] {
    for (;;) list_runs(state_.paths, true);
    return 0;
  });
  int unlocked = 0;
  for (int i = 0; i < 1500; ++i) {
    const backups::Run run(state_.paths, "create", Lab::source());
    if (!Lock::is_held(run.directory() / "lock")) ++unlocked;
  }
  EXPECT_EQ(unlocked, 0) << "runs of 1500 have no lock, since somebody looked";
}

}  // namespace
}  // namespace backups
