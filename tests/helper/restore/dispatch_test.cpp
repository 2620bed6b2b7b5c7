// A backup is restored by the hooks that take the kinds in its manifest.
#include <gmock/gmock.h>

#include "lifecycle/recover.hpp"
#include "restore/restore.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

/// Hooks for the type "store", whose live data is one file. The kind of their artifact and their
/// recorded calls contain the name of their directory.
constexpr const char* kHook = R"bash(#!/bin/bash
set -eo pipefail
lab=${BASH_SOURCE[0]%/hooks/*}
own=${BASH_SOURCE[0]%/*}
own=${own##*/}
echo "$own $BACKUPS_ACTION" >>"$lab/calls"
knob=$lab/knobs/$own.$BACKUPS_ACTION
[[ ! -e $knob ]] || source "$knob"
case $BACKUPS_ACTION in
  describe) echo '{"state":"running","version":"1","artifacts":[{"name":"data","kind":"store-'"$own"'"}]}' ;;
  export) cat "$lab/store" ;;
  import) cat >"$BACKUPS_RUN_DIR/$3" ;;
  commit) cp "$BACKUPS_RUN_DIR/$2" "$lab/store" && cp "$BACKUPS_RUN_DIR/run.json" "$lab/record" ;;
esac
)bash";

class Dispatch : public testing::Test {
 protected:
  Dispatch() {
    add_hooks("generic");
    set_live("of the backup");
    id_ = create(state_, source_).id;
    add_hooks("store");
    set_live("of before");
    lab_.forget_calls();
  }

  void add_hooks(const std::string& directory) {
    for (const char* action :
         {"describe", "export", "prepare", "import", "commit", "abandon", "sweep"})
      lab_.add_hook(directory, action, kHook);
    lab_.set_type(directory, "service", "\"<type>-" + directory + "\"", "replace");
  }
  void set_live(const std::string& content) { tests::spill(lab_.path() / "store", content); }
  std::string live() const { return tests::slurp(lab_.path() / "store"); }
  std::string record() const { return tests::slurp(lab_.path() / "record"); }

  Lab lab_;
  State state_ = lab_.open();
  const Source source_{"store", "one", "one"};
  std::string id_;
};

TEST_F(Dispatch, WhatGenericMadeIsRestoredByGenericWhenTheTypeHasHooksOfItsOwn) {
  tests::restore(state_, id_, source_);
  EXPECT_EQ(live(), "of the backup");
  EXPECT_THAT(lab_.calls(), AllOf(Contains("generic describe"), Contains("generic commit"),
                                  Not(Contains("store commit"))));
  EXPECT_THAT(record(), HasSubstr(R"("hooks":"generic")")) << "for whoever finds this run dead";
}

TEST_F(Dispatch, WhatTheTypeMadeItselfIsRestoredByItself) {
  const std::string id = create(state_, source_).id;
  set_live("of later");
  tests::restore(state_, id, source_);
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(lab_.calls(), AllOf(Contains("store commit"), Not(Contains("generic commit"))));
  EXPECT_THAT(record(), HasSubstr(R"("hooks":"")"));
}

TEST_F(Dispatch, TheSafetyBackupGoesBackThroughTheHooksThatMadeIt) {
  lab_.at("generic.commit", "echo half >$lab/store; exit 1");
  const RestoreRequest request{row_of(state_, id_), source_, false, false};
  Restore restore(state_, request, lock_for_restore(state_, request));
  restore.verify({});
  restore.make_safety_backup({});
  EXPECT_THAT([&] { restore.apply({}); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("restored from the safety backup")));
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(lab_.calls(), Contains("store commit"));
}

TEST_F(Dispatch, AKindThatNoHooksTakeIsRefusedBeforeAnythingIsAsked) {
  lab_.set_type("generic", "service", R"("<type>-newer")", "replace");
  EXPECT_THAT([this] { tests::restore(state_, id_, source_); },
              ThrowsError(ErrorKind::kRefused, HasSubstr("store-generic")));
  EXPECT_EQ(live(), "of before");
  EXPECT_THAT(lab_.calls(), testing::IsEmpty());
}

TEST_F(Dispatch, WhatNoRestoreWouldTakeIsNotBackedUp) {
  lab_.set_type("store", "service", R"("<type>-newer")", "replace");
  EXPECT_THAT([this] { create(state_, source_); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("store-store")));
}

}  // namespace
}  // namespace backups
