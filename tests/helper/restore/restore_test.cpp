#include "restore/restore.hpp"

#include <gmock/gmock.h>

#include "backup/create.hpp"
#include "catalog/job_marks.hpp"
#include "lifecycle/recover.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::slurp;
using tests::ThrowsError;

class RestoreTest : public testing::Test {
 protected:
  void SetUp() override {
    id_ = create(state_).id;
    lab_.set_live("one", {{"a", "changed"}, {"b", "changed too"}});
    lab_.forget_calls();
  }
  std::unique_ptr<Restore> begin(const Source& into = Lab::source(), bool in_place = false) {
    const RestoreRequest request{row_of(state_, id_), into, in_place, false};
    return std::make_unique<Restore>(state_, request, lock_for_restore(state_, request));
  }

  Lab lab_;
  State state_ = lab_.open();
  const std::map<std::string, std::string> original_ = lab_.live();
  std::string id_;
};

TEST_F(RestoreTest, PutsEverythingBackBesideAndSwapsItIn) {
  tests::restore(state_, id_);
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one", "prepare one WHERE", "import one a WHERE",
                                        "import one b WHERE", "commit one WHERE"));
  EXPECT_THAT(lab_.places(), IsEmpty());
  tests::expect_sound(lab_);
}

TEST_F(RestoreTest, IsAnEventAndALineOfTheLog) {
  tests::restore(state_, id_);
  const auto events = state_.catalog.open().events(row_of(state_, id_));
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].what, "restored");
  EXPECT_THAT(events[0].detail, HasSubstr("fake:one"));
  EXPECT_THAT(slurp(state_.paths.log_file(Lab::source(), id_)),
              HasSubstr("restored into fake:one"));
  EXPECT_TRUE(row_of(state_, id_).verified_at);
}

TEST_F(RestoreTest, IsAfterEveryBackupBeforeItAlsoInTheirSecond) {
  create(state_);
  create(state_);
  tests::restore(state_, id_);
  EXPECT_GE(JobMarks(state_.catalog.open().database()).done_at(kReplaced + Lab::source().text()),
            state_.catalog.open().latest(Lab::source())->started_at);
}

TEST_F(RestoreTest, InPlaceImportsIntoTheLiveData) {
  tests::restore(state_, id_, Lab::source(), true);
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(lab_.calls(),
              ElementsAre("describe one", "import --in-place one a", "import --in-place one b"));
}

TEST_F(RestoreTest, IntoAnotherSourceLeavesTheFirstAlone) {
  lab_.set_live("two", {{"a", "of two"}});
  tests::restore(state_, id_, Lab::source("two"));
  EXPECT_EQ(lab_.live("two"), original_);
  EXPECT_EQ(lab_.live("one").at("a"), "changed");
  EXPECT_EQ(lab_.calls().at(1), "prepare two WHERE");
}

TEST_F(RestoreTest, OfManySizesIsExact) {
  for (const std::size_t size : {1UL, 131'072UL, 1'048'576UL, 3'000'001UL}) {
    const std::map<std::string, std::string> live = {{"a", tests::noise(size)}, {"b", "x"}};
    lab_.set_live("one", live);
    id_ = create(state_).id;
    lab_.set_live("one", {{"a", "gone"}, {"b", "gone"}});
    tests::restore(state_, id_);
    EXPECT_TRUE(lab_.live() == live) << size;
  }
}

TEST_F(RestoreTest, HandsTheHookTheArtifactsOfTheManifest) {
  lab_.at("import.a",
          "cp \"$BACKUPS_RUN_DIR/artifacts.json\" \"$lab/seen.json\"; "
          "cp \"$BACKUPS_ARTIFACTS\" \"$lab/named.json\"");
  tests::restore(state_, id_);
  EXPECT_THAT(slurp(lab_.path() / "seen.json"),
              AllOf(HasSubstr("\"name\":\"a\""), HasSubstr("\"owner\":\"ann\"")));
  EXPECT_EQ(slurp(lab_.path() / "named.json"), slurp(lab_.path() / "seen.json"))
      << "BACKUPS_ARTIFACTS names the file, for the hooks of postgres";
}

TEST_F(RestoreTest, TakesASafetyBackupOfWhatIsThere) {
  const auto restore = begin();
  restore->verify({});
  const Manifest safety = restore->make_safety_backup({});
  restore->apply({});
  EXPECT_EQ(lab_.live(), original_);
  const Backup row = row_of(state_, safety.id);
  EXPECT_EQ(row.trigger, Trigger::kSafety);
  EXPECT_THAT(row.label, HasSubstr(id_));
  EXPECT_EQ(state_.catalog.open().latest(Lab::source())->id, id_);
  id_ = safety.id;
  EXPECT_THROW(begin(), Error) << "the first restore still has the lock";
}

TEST_F(RestoreTest, TheSafetyBackupIsAWayBack) {
  std::string safety;
  {
    const auto restore = begin();
    restore->verify({});
    safety = restore->make_safety_backup({}).id;
    restore->apply({});
  }
  tests::restore(state_, safety);
  EXPECT_EQ(lab_.live().at("a"), "changed");
}

TEST_F(RestoreTest, WithoutASafetyBackupThatWorksNothingIsTouched) {
  const auto restore = begin();
  lab_.at("export.a", "echo 'no room' >&2; exit 14");
  EXPECT_THAT([&] { restore->make_safety_backup({}); },
              ThrowsError(ErrorKind::kNoSpace,
                          AllOf(HasSubstr("nothing was restored"), HasSubstr("no room"),
                                HasSubstr("--no-safety-backup"))));
  EXPECT_EQ(lab_.live().at("a"), "changed");
}

TEST_F(RestoreTest, HoldsTheLocksOfBothSources) {
  lab_.set_live("two", {{"a", "of two"}});
  const auto restore = begin(Lab::source("two"));
  EXPECT_FALSE(state_.locks.try_acquire(Lab::source("one"), "x"));
  EXPECT_FALSE(state_.locks.try_acquire(Lab::source("two"), "x"));
  EXPECT_THAT([this] { create(state_); }, ThrowsError(ErrorKind::kBusy));
}

TEST_F(RestoreTest, SaysWhatIsThereNow) {
  const auto restore = begin();
  EXPECT_EQ(restore->manifest().id, id_);
  EXPECT_THAT(restore->target().contents, ElementsAre("two tables"));
}

TEST_F(RestoreTest, NeedsRoomForTheCopyBeside) {
  const auto nowhere = begin();
  EXPECT_EQ(nowhere->space_free(), std::nullopt);
  EXPECT_NO_THROW(nowhere->require_disk_space());
  EXPECT_GE(nowhere->space_needed(), nowhere->manifest().raw_size());
}

TEST_F(RestoreTest, IsRefusedWhereThereIsNoRoom) {
  if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const tests::TinyDisk disk(1024);
  std::string description = lab_.description();
  description.replace(description.find("\"place\": \"\""), 11,
                      "\"place\": \"" + disk.path().string() + "\"");
  lab_.describe_as(description);
  {
    const auto beside = begin();
    EXPECT_EQ(beside->space_free(), 1024U * 1024U);
    EXPECT_THAT([&] { beside->require_disk_space(); },
                ThrowsError(ErrorKind::kNoSpace, HasSubstr("--in-place")));
  }
  EXPECT_NO_THROW(begin(Lab::source(), true)->require_disk_space());
}

struct Versions {
  const char* target;
  bool refused;
};
class RestoreVersions : public RestoreTest, public testing::WithParamInterface<Versions> {};

TEST_P(RestoreVersions, OfAServerDecide) {
  std::string description = lab_.description();
  description.replace(description.find("12.3"), 4, GetParam().target);
  lab_.describe_as(description);
  if (GetParam().refused) {
    EXPECT_THAT([this] { begin(); },
                ThrowsError(ErrorKind::kRefused, HasSubstr("--ignore-version-mismatch")));
  } else {
    EXPECT_NO_THROW(begin());
  }
  const RestoreRequest request{row_of(state_, id_), Lab::source(), false, true};
  EXPECT_NO_THROW(Restore(state_, request, lock_for_restore(state_, request)));
  EXPECT_THAT(lab_.calls(), testing::Each("describe one"));
}

INSTANTIATE_TEST_SUITE_P(All, RestoreVersions,
                         testing::Values(Versions{"11.9", true}, Versions{"12.0", false},
                                         Versions{"13.1", false}, Versions{"", false}));

TEST_F(RestoreTest, IntoAnotherTypeIsBadInput) {
  lab_.add_hook("other", "describe", "#!/bin/bash\necho '{\"state\": \"running\"}'");
  EXPECT_THAT(
      [this] {
        begin({"other", "one", "one"});
      },
      ThrowsError(ErrorKind::kBadInput, HasSubstr("cannot be restored into other:one")));
}

struct Target {
  const char* description;
  ErrorKind kind;
};
class RestoreTarget : public RestoreTest, public testing::WithParamInterface<Target> {};

TEST_P(RestoreTarget, MustRun) {
  lab_.describe_as(GetParam().description);
  EXPECT_THAT([this] { begin(); }, ThrowsError(GetParam().kind));
  tests::expect_sound(lab_);
}

INSTANTIATE_TEST_SUITE_P(States, RestoreTarget,
                         testing::Values(Target{R"({"state":"stopped"})", ErrorKind::kStopped},
                                         Target{R"({"state":"paused"})", ErrorKind::kPaused},
                                         Target{R"({"state":"missing"})", ErrorKind::kNotFound}));

}  // namespace
}  // namespace backups
