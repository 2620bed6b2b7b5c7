#include "lifecycle/recover.hpp"

#include <gmock/gmock.h>

#include "catalog/outbox.hpp"
#include "copies/copying.hpp"
#include "copies/remove.hpp"
#include "host/run.hpp"
#include "model/target.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::create;
using tests::expect_sound;
using tests::Lab;
using tests::row_of;
using tests::spill;

class RecoverTest : public testing::Test {
 protected:
  /// Does what the next command would do, and returns its messages.
  std::string recovered() {
    return tests::stderr_of([this] {
      State state = lab_.open();
      tests::subscribe(state);
      tests::recover(state);
    });
  }
  /// Leaves a run as a killed process would.
  std::string dead_run(const std::string& verb, const std::string& backup,
                       const std::string& place = "") {
    backups::Run run(state_.paths, verb, Lab::source());
    run.set_backup(backup);
    run.set_place(place);
    run.keep();
    std::string notes;
    for (const char* end : {".a.dump.zst", ".b.dump.zst", ".json"})
      notes += "+" + key_of(Lab::source(), backup + end) + "\n";
    if (!backup.empty()) spill(run.notes(), notes);
    return run.record().id;
  }
  Backup in_progress() {
    return state_.catalog.open().begin(Lab::source(), tests::kNoon, Trigger::kManual, "");
  }
  fs::path file(const std::string& name) const { return lab_.backups_of(Lab::source()) / name; }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(RecoverTest, CostsNothingWhereThereIsNothing) {
  create(state_);
  lab_.forget_calls();
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_THAT(lab_.calls(), IsEmpty());
}

TEST_F(RecoverTest, FailsARowWhoseProcessIsGone) {
  const Backup backup = in_progress();
  const std::string run = dead_run("create", backup.id);
  spill(file(backup.id + ".a.dump.zst"), "whole");
  spill(file("." + backup.id + ".b.dump.zst.part"), "half");
  spill(state_.paths.runs() / run / "pgpass", "secret");
  EXPECT_THAT(recovered(), HasSubstr(backup.id + " was interrupted"));
  EXPECT_EQ(row_of(state_, backup.id).status, BackupStatus::kFailed);
  EXPECT_EQ(row_of(state_, backup.id).error, "interrupted");
  EXPECT_THAT(lab_.calls(), ElementsAre("sweep RUN"));
  expect_sound(lab_);
  EXPECT_THAT(recovered(), IsEmpty()) << "once";
}

TEST_F(RecoverTest, LeavesARowAloneWhoseProcessLives) {
  lab_.at("export.b", "touch \"$lab/standing\"; exec sleep 60");
  const tests::Child helper([this] {
    State state = lab_.open();
    create(state);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([this] { return fs::exists(lab_.path() / "standing"); }));
  const auto files = tests::files_below(lab_.root() / "fake");
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_THAT(state_.catalog.open().in_progress(), SizeIs(1));
  EXPECT_EQ(tests::files_below(lab_.root() / "fake"), files);
  EXPECT_THAT(list_runs(state_.paths, true), SizeIs(1));
}

TEST_F(RecoverTest, LeavesOtherBackupsOfTheSourceAlone) {
  const std::string good = create(state_).id;
  const Backup backup = in_progress();
  dead_run("create", backup.id);
  recovered();
  EXPECT_EQ(row_of(state_, good).status, BackupStatus::kSuccess);
  expect_sound(lab_);
}

TEST_F(RecoverTest, ATryThatCannotCleanUpIsSaidAndMadeAgain) {
  const std::string run = dead_run("restore", "", "1f0c2a9b");
  lab_.at("abandon", "echo 'service is stopped' >&2; exit 5");
  EXPECT_THAT(recovered(), testing::AllOf(HasSubstr("Cannot clean up after " + run),
                                          HasSubstr("service is stopped"), HasSubstr("later")));
  EXPECT_THAT(list_runs(state_.paths, false), Contains(testing::Field(&RunRecord::id, run)));
  lab_.forget_knobs();
  EXPECT_THAT(recovered(), HasSubstr("was interrupted"));
  EXPECT_THAT(list_runs(state_.paths, false), IsEmpty());
}

TEST_F(RecoverTest, ACleanUpThatFailsForLongIsAlertedUntilNothingIsLeft) {
  dead_run("restore", "", "1f0c2a9b");
  lab_.at("abandon", "echo 'service is stopped' >&2; exit 5");
  const auto incidents = [&] {
    return Outbox(state_.catalog.open().database()).subjects("cleanup");
  };
  recovered();
  EXPECT_THAT(incidents(), IsEmpty()) << "the next try may succeed";
  for (RunRecord dead : list_runs(state_.paths, false)) {
    dead.started_at -= 7200;
    rewrite_run(state_.paths, dead);
  }
  recovered();
  recovered();
  EXPECT_THAT(incidents(), ElementsAre(Lab::source().text()));
  lab_.forget_knobs();
  recovered();
  recovered();
  EXPECT_THAT(incidents(), IsEmpty());
}

TEST_F(RecoverTest, OneThatCannotCleanUpDoesNotKeepTheOthers) {
  lab_.set_live("two", {{"a", "x"}});
  dead_run("restore", "", "1f0c2a9b");
  const Backup other =
      state_.catalog.open().begin(Lab::source("two"), tests::kNoon, Trigger::kManual, "");
  lab_.at("abandon", "exit 1");
  recovered();
  EXPECT_EQ(row_of(state_, other.id).status, BackupStatus::kFailed);
}

TEST_F(RecoverTest, ACommandCleansUpWhatItsOwnSourceHasOnThisHostAndNothingElse) {
  lab_.set_live("two", {{"a", "x"}});
  const Backup own = in_progress();
  dead_run("create", own.id);
  const Backup others =
      state_.catalog.open().begin(Lab::source("two"), tests::kNoon, Trigger::kManual, "");
  const std::string said = tests::stderr_of([&] {
    const Lock lock = lock_source(state_, Lab::source(), "create");
    EXPECT_THAT(Lock::holder(lab_.root() / "locks" / (own.source.type + "." + own.source.name)),
                HasSubstr("create"));
  });
  EXPECT_THAT(said, testing::AllOf(HasSubstr(own.id), testing::Not(HasSubstr(others.id))));
  EXPECT_EQ(row_of(state_, own.id).status, BackupStatus::kFailed);
  EXPECT_EQ(row_of(state_, others.id).status, BackupStatus::kInProgress);
}

TEST_F(RecoverTest, WhatLiesOffSiteIsLeftToTheTickWhichLeavesATargetAloneThatFailed) {
  const std::string id = create(state_).id;
  // Without credentials: that is a target that fails.
  state_.settings.change([](Settings& settings) {
    settings.targets["off"] = {{"bucket", "b"}, {"endpoint", "http://127.0.0.1:9"}};
  });
  std::string run;
  {
    backups::Run push(state_.paths, "push", Lab::source());
    push.set_backup(id);
    push.set_target("off", state_.identity.read().name);
    push.keep();
    spill(push.notes(), "+" + key_of(Lab::source(), id + ".json") + "\n");
    run = push.record().id;
  }
  state_.catalog.open().mark_copy(row_of(state_, id), {"off", CopyStatus::kInProgress, "", {}});
  const auto command = [&] { lock_source(state_, Lab::source(), "create"); };
  EXPECT_THAT(tests::stderr_of(command), IsEmpty());
  EXPECT_THAT(recovered(), HasSubstr("Cannot clean up after " + run));
  EXPECT_THAT(recovered(), IsEmpty()) << "not every minute";
  EXPECT_EQ(row_of(state_, id).copy_on("off")->status, CopyStatus::kInProgress);
  state_.settings.change([](Settings& settings) { settings.targets.clear(); });
  EXPECT_THAT(tests::stderr_of(command), HasSubstr("was interrupted"));
  EXPECT_EQ(row_of(state_, id).copy_on("off")->status, CopyStatus::kFailed);
}

TEST_F(RecoverTest, WhatIsBeingCopiedAgainIsLeftToThatCopy) {
  const std::string id = create(state_).id;
  dead_run("push", id);
  state_.catalog.open().mark_copy(row_of(state_, id),
                                  {kLocalTarget, CopyStatus::kInProgress, "", {}});
  {
    const Copying copying(state_.paths, state_.locks.acquire(Lab::source(), "push"),
                          row_of(state_, id), "");
    EXPECT_THAT(recovered(), IsEmpty());
    EXPECT_TRUE(fs::exists(file(id + ".json")));
    EXPECT_THAT([&] { tests::remover(state_).remove_backup(row_of(state_, id)); },
                tests::ThrowsError(ErrorKind::kBusy, HasSubstr(id + " is being copied")));
  }
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_EQ(row_of(state_, id).copy_on(kLocalTarget)->status, CopyStatus::kSuccess);
}

TEST_F(RecoverTest, SweepsBeforeItAbandons) {
  // What a dead restore left running holds the place that abandon removes.
  dead_run("restore", "", "1f0c2a9b");
  recovered();
  EXPECT_THAT(lab_.calls(), ElementsAre("sweep RUN", "abandon one WHERE"));
}

TEST_F(RecoverTest, RemovesARunThatHadNotBegun) {
  fs::create_directory(state_.paths.runs() / "create-2026-04-08-14-30-00-1f0c2a9b");
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_TRUE(fs::is_empty(state_.paths.runs()));
  EXPECT_THAT(lab_.calls(), IsEmpty());
}

TEST_F(RecoverTest, FinishesADeletion) {
  for (const int step : {0, 1, 2}) {
    const Manifest manifest = create(state_);
    const Backup backup = row_of(state_, manifest.id);
    state_.catalog.open().mark_deleting(backup);
    if (step >= 1) fs::remove(file(manifest.id + ".json"));
    if (step >= 2) fs::remove(file(manifest.artifacts[0].file));
    recovered();
    EXPECT_TRUE(row_of(state_, manifest.id).deleted_at) << step;
    EXPECT_FALSE(row_of(state_, manifest.id).deleting) << step;
    EXPECT_THAT(tests::files_below(lab_.backups_of(Lab::source())), IsEmpty()) << step;
    expect_sound(lab_);
  }
}

TEST_F(RecoverTest, RemovesWhatALostCatalogDoesNotKnow) {
  const Backup backup = in_progress();
  dead_run("create", backup.id);
  spill(file(backup.id + ".a.dump.zst"), "whole");
  spill(file("." + backup.id + ".b.dump.zst.part"), "half");
  fs::remove(lab_.root() / "catalog.db");
  recovered();
  EXPECT_THAT(tests::files_below(lab_.backups_of(Lab::source())), IsEmpty());
  expect_sound(lab_);
}

TEST_F(RecoverTest, KeepsACommittedBackupThatTheCatalogDoesNotKnow) {
  const std::string id = create(state_).id;
  dead_run("create", id);
  Database(lab_.root() / "catalog.db").execute("DELETE FROM backups");
  recovered();
  EXPECT_TRUE(fs::exists(file(id + ".json"))) << "the manifest is the commit";
}

TEST_F(RecoverTest, RemovesNothingThatTheDeadRunDidNotNote) {
  const Backup backup = in_progress();
  const std::string run = dead_run("create", backup.id);
  spill(file(backup.id + ".a.dump.zst"), "its own");
  spill(file(backup.id + ".c.dump.zst"), "somebody else's");
  recovered();
  EXPECT_FALSE(fs::exists(file(backup.id + ".a.dump.zst")));
  EXPECT_TRUE(fs::exists(file(backup.id + ".c.dump.zst")));
}

TEST_F(RecoverTest, ARunOfATargetThatWasRemovedIsSettledOnce) {
  const Manifest manifest = create(state_);
  {
    backups::Run run(state_.paths, "push", Lab::source());
    run.set_backup(manifest.id);
    run.set_target("gone", "host-00c0ffee");
    run.keep();
  }
  state_.catalog.open().mark_copy(row_of(state_, manifest.id),
                                  {"gone", CopyStatus::kInProgress, "", {}});
  EXPECT_THAT(recovered(), HasSubstr("was interrupted"));
  EXPECT_THAT(recovered(), IsEmpty()) << "it must not warn for ever";
  EXPECT_EQ(row_of(state_, manifest.id).copy_on("gone")->status, CopyStatus::kFailed);
}

TEST_F(RecoverTest, ASecondCommandMeanwhileLeavesItToTheFirst) {
  const Backup backup = in_progress();
  const Lock first = state_.locks.acquire(Lab::source(), "cleaning up");
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_EQ(row_of(state_, backup.id).status, BackupStatus::kInProgress);
}

TEST_F(RecoverTest, AManifestThatCannotBeReadIsSaidAndNothingIsRemoved) {
  const Backup backup = in_progress();
  spill(file(backup.id + ".json"), "{ half");
  spill(file(backup.id + ".a.dump.zst"), "bytes");
  EXPECT_THAT(recovered(), HasSubstr("Cannot clean up after " + backup.id));
  EXPECT_TRUE(fs::exists(file(backup.id + ".a.dump.zst")));
}

}  // namespace
}  // namespace backups
