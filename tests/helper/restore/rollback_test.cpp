// Restores that fail after they have begun to replace the live data.
#include "restore/rollback.hpp"

#include <gmock/gmock.h>

#include <csignal>

#include "backup/create.hpp"
#include "catalog/outbox.hpp"
#include "lifecycle/recover.hpp"
#include "model/alert.hpp"
#include "model/target.hpp"
#include "restore/restore.hpp"
#include "retention/prune.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

/// The type "bare" has no staging area in its server: its commit writes over the live data, and
/// only half of it if it is to fail.
constexpr const char* kHook = R"bash(#!/bin/bash
set -eo pipefail
lab=${BASH_SOURCE[0]%/hooks/*}
action=$BACKUPS_ACTION
echo "$action" >>"$lab/calls"
knob() { [[ ! -e $lab/knobs/$1 ]] || source "$lab/knobs/$1"; }
state() { cat "$lab/bare.state" 2>/dev/null || echo running; }
knob "$action"
case $action in
  describe) printf '{"state":"%s","engine":"Bare","version":"1","artifacts":[{"name":"data","kind":"bare-rows"}]}' "$(state)" ;;
  export) cat "$lab/bare" ;;
  prepare) [[ $(state) == running ]] || { echo 'it does not run' >&2; exit 5; } ;;
  import) cat >"$BACKUPS_RUN_DIR/$3" ;;
  commit) cp "$BACKUPS_RUN_DIR/$2" "$lab/bare" ;;
  start) echo running >"$lab/bare.state" ;;
esac
)bash";

/// Fails once, so that the safety backup can be restored.
constexpr const char* kFailOnce =
    "if [[ ! -e $lab/failed ]]; then touch $lab/failed; echo half >$lab/bare; "
    "echo stopped >$lab/bare.state; echo 'no luck' >&2; exit 1; fi";
constexpr const char* kFail =
    "echo half >$lab/bare; echo stopped >$lab/bare.state; echo 'no luck' >&2; exit 1";

class Rollback : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* action :
         {"describe", "export", "prepare", "import", "commit", "abandon", "sweep", "start"})
      lab_.add_hook("bare", action, kHook);
    lab_.set_type("bare", "service", R"("bare-rows")", "replace");
    set_live("of the backup");
    id_ = create(state_, source_).id;
    set_live("of before");
    lab_.forget_calls();
  }
  void set_live(const std::string& content) { tests::spill(lab_.path() / "bare", content); }
  std::string live() const { return tests::slurp(lab_.path() / "bare"); }
  void restore(bool with_safety = true) { restore_on(state_, with_safety); }
  void restore_on(State& state, bool with_safety) {
    const RestoreRequest request{row_of(state, id_), source_, false, false};
    Restore restore(state, request, lock_for_restore(state, request));
    restore.verify({});
    if (with_safety) safety_ = restore.make_safety_backup({}).id;
    restore.apply({});
  }

  const Source source_{"bare", "one", "one"};
  Lab lab_;
  State state_ = lab_.open();
  std::string id_;
  std::string safety_;
};

TEST_F(Rollback, PutsTheSafetyBackupBackByItselfAndStartsTheService) {
  lab_.at("commit", kFailOnce);
  EXPECT_THAT([this] { restore(); },
              ThrowsError(ErrorKind::kFailed,
                          AllOf(HasSubstr("no luck"), HasSubstr("restored from the safety backup"),
                                HasSubstr("bare:one is running"))));
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(tests::stderr_of([this] { tests::recover(state_); }), IsEmpty());
  EXPECT_THAT(tests::files_below(lab_.root() / "run"), IsEmpty());
}

TEST_F(Rollback, ThatFailsTooNamesTheStateAndTheWayOutUntilARestoreSucceeds) {
  lab_.at("commit", kFail);
  EXPECT_THAT([this] { restore(); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("is incomplete or missing")));
  const std::string recovery_advice = "backups-helper restore bare:" + safety_;
  EXPECT_THAT(tests::stderr_of([this] { tests::recover(state_); }), HasSubstr(recovery_advice));
  EXPECT_THAT(tests::stderr_of([this] { warn_of_replacements(state_.paths); }),
              HasSubstr(recovery_advice));
  lab_.forget_knobs();
  tests::restore(state_, safety_, source_);
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(tests::stderr_of([this] { tests::recover(state_); }), IsEmpty());
}

TEST_F(Rollback, ThatCouldNotEvenBeginCallsNothingUnchanged) {
  lab_.at("commit", std::string(kFailOnce) +
                        "; printf '{\"untouched\":true}\\n' >&3; echo 'it is gone' >&2; exit 1");
  EXPECT_THAT([this] { restore(); },
              ThrowsError(ErrorKind::kFailed,
                          AllOf(HasSubstr("it is gone"), HasSubstr("is incomplete or missing"),
                                Not(HasSubstr("unchanged")))));
  EXPECT_THAT(tests::stderr_of([this] { warn_of_replacements(state_.paths); }),
              HasSubstr("backups-helper restore bare:" + safety_));
}

TEST_F(Rollback, OfACommitThatHangsBeginsWithTheSecondRequestToStop) {
  lab_.at("commit",
          "if [[ ! -e $lab/standing ]]; then echo half >$lab/bare; touch \"$lab/standing\"; "
          "exec sleep 600; fi");
  tests::Child helper([&] {
    interrupt::install();
    State own = lab_.open();
    restore_on(own, true);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab_.path() / "standing"); }));
  helper.kill(SIGTERM);
  EXPECT_FALSE(helper.wait_for(std::chrono::milliseconds(300))) << "the first one is noted";
  EXPECT_EQ(tests::run_in_child([&] { return ::kill(helper.pid(), SIGINT); }), tests::exited(0));
  EXPECT_EQ(helper.wait(), tests::exited(12));
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(tests::files_below(lab_.root() / "run"), IsEmpty());
}

TEST_F(Rollback, OfASecondAttemptNamesTheSafetyBackupFromBeforeTheFirst) {
  lab_.at("commit", kFail);
  EXPECT_THAT([this] { restore(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("incomplete")));
  const std::string recovery_advice = "backups-helper restore bare:" + safety_;
  for (const bool with_safety : {true, false})
    EXPECT_THAT([&] { restore(with_safety); },
                ThrowsError(ErrorKind::kFailed, HasSubstr(recovery_advice)))
        << "what the second one saved is what the first had left";
  const std::string said = tests::stderr_of([this] { warn_of_replacements(state_.paths); });
  EXPECT_THAT(said, HasSubstr(recovery_advice));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

TEST_F(Rollback, ThatFailedTooKeepsItsSafetyBackupAndMakesNewBackupsSuspect) {
  lab_.at("commit", kFail);
  EXPECT_THAT([this] { restore(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("incomplete")));
  const std::string safety_id = safety_;
  lab_.forget_knobs();
  for (int i = 0; i < 5; ++i) {
    const auto id = create_backup(state_, {source_, Trigger::kSafety, "", {kLocalTarget}}, {}).id;
    EXPECT_THAT(row_of(state_, id).suspect, IsEmpty());
  }
  for (int i = 0; i < 7; ++i)
    EXPECT_THAT(row_of(state_, create(state_, source_).id).suspect,
                HasSubstr("ended while it was replacing the data"));
  EXPECT_EQ(state_.catalog.open().latest(source_)->id, id_);
  for (const auto& one : tests::evaluate(state_, source_))
    if (one.backup.id == safety_id)
      EXPECT_THAT(one.verdict.reason, HasSubstr("before the data shrank or was lost"));
  tests::restore(state_, safety_id, source_);
  EXPECT_THAT(row_of(state_, create(state_, source_).id).suspect, IsEmpty());
}

TEST_F(Rollback, WithoutASafetyBackupSaysSo) {
  lab_.at("commit", kFail);
  EXPECT_THAT([this] { restore(false); },
              ThrowsError(ErrorKind::kFailed,
                          AllOf(HasSubstr("No safety backup"), HasSubstr("bare:one is running"))));
  EXPECT_THAT(tests::stderr_of([this] { tests::recover(state_); }),
              HasSubstr("No safety backup had been taken"));
}

TEST_F(Rollback, OfAProcessThatWasKilledWhileItReplacedIsOfferedAndNothingIsCalledUnchanged) {
  lab_.at("commit", "echo half >$lab/bare; touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([&] {
    State own = lab_.open();
    restore_on(own, true);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([&] { return fs::exists(lab_.path() / "standing"); }));
  helper.kill(SIGKILL);
  helper.wait();
  lab_.forget_knobs();
  State state = lab_.open();
  tests::subscribe(state);
  const std::string said = tests::stderr_of([&] { tests::recover(state); });
  EXPECT_THAT(
      said, AllOf(HasSubstr("may be incomplete or missing"),
                  HasSubstr("backups-helper restore bare:one-"), Not(HasSubstr("as before, or"))));
  const std::string alerted = name_of(AlertKind::kRestore);
  Outbox outbox(state.catalog.open().database());
  EXPECT_THAT(outbox.subjects(alerted), ElementsAre("bare:one")) << "whoever is told hears of it";
  lab_.forget_calls();
  EXPECT_THAT(tests::stderr_of([&] { tests::recover(state); }),
              HasSubstr("may be incomplete or missing"));
  EXPECT_THAT(lab_.calls(), Not(Contains("abandon"))) << "once is enough";
  EXPECT_THAT(lab_.calls(), Not(Contains(StartsWith("sweep")))) << "once is enough";
  tests::restore(state, id_, source_);
  EXPECT_THAT(outbox.subjects(alerted), IsEmpty()) << "it is over";
}

TEST_F(Rollback, IsNotForWhatHadTouchedNothing) {
  lab_.at("commit", "printf '{\"untouched\":true}\\n' >&3; echo 'not now' >&2; exit 1");
  EXPECT_THAT([this] { restore(); },
              ThrowsError(ErrorKind::kFailed, Not(HasSubstr("safety backup"))));
  EXPECT_THAT(lab_.calls(), Not(Contains(StartsWith("start"))));
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(tests::stderr_of([this] { tests::recover(state_); }), IsEmpty());
}

}  // namespace
}  // namespace backups
