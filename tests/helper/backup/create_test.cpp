#include "backup/create.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "copies/verify.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
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

class CreateTest : public testing::Test {
 protected:
  std::vector<Backup> rows() { return state_.catalog.open().list({}); }
  std::string log_of(const std::string& id) {
    return slurp(state_.paths.log_file(Lab::source(), id));
  }

  /// Expects that a failure leaves a row with its reason, its log, and nothing else.
  void expect_failed(ErrorKind kind, const testing::Matcher<std::string>& reason) {
    EXPECT_THAT([this] { create(state_); }, ThrowsError(kind, reason));
    ASSERT_THAT(rows(), SizeIs(1));
    EXPECT_EQ(rows()[0].status, BackupStatus::kFailed);
    EXPECT_THAT(rows()[0].error, reason);
    EXPECT_TRUE(rows()[0].finished_at);
    EXPECT_THAT(log_of(rows()[0].id), HasSubstr("failed: " + rows()[0].error));
    tests::expect_sound(lab_);
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(CreateTest, MakesABackupOfEveryArtifact) {
  const Manifest manifest = create(state_);
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one", "export one a", "export one b"));
  EXPECT_EQ(manifest.source, Lab::source());
  EXPECT_EQ(manifest.engine, "Fake");
  EXPECT_EQ(manifest.engine_version, "12.3");
  EXPECT_EQ(manifest.image, "fake:12");
  EXPECT_EQ(manifest.image_id, "sha256:0f");
  EXPECT_EQ(manifest.identity, "4711");
  EXPECT_EQ(manifest.trigger, Trigger::kManual);
  EXPECT_THAT(manifest.host, HasSubstr("-00c0ffee"));
  EXPECT_EQ(manifest.raw_size(), lab_.live().at("a").size() + lab_.live().at("b").size());
  const Backup row = row_of(state_, manifest.id);
  EXPECT_EQ(row.status, BackupStatus::kSuccess);
  EXPECT_EQ(row.stored_size(), manifest.stored_size());
  EXPECT_THAT(log_of(manifest.id),
              AllOf(HasSubstr("hook fake export one a"), HasSubstr("success")));
  tests::expect_sound(lab_);
}

TEST_F(CreateTest, KeepsTriggerAndLabel) {
  const Manifest manifest =
      create_backup(state_, {Lab::source(), Trigger::kSafety, "before ü"}, {});
  EXPECT_EQ(manifest.trigger, Trigger::kSafety);
  EXPECT_EQ(row_of(state_, manifest.id).label, "before ü");
}

TEST_F(CreateTest, ObeysTheCompressionOfTheSource) {
  state_.settings.change(
      [](Settings& settings) { settings.set("fake:one", "compression", "gzip:1"); });
  EXPECT_THAT(create(state_).stages, ElementsAre("gzip"));
}

TEST_F(CreateTest, TwiceInASecondHasTwoIds) {
  const std::string first = create(state_).id;
  EXPECT_NE(create(state_).id, first);
  EXPECT_THAT(rows(), SizeIs(2));
  tests::expect_sound(lab_);
}

TEST_F(CreateTest, RecordsWhatHooksSay) {
  lab_.at("export.a", R"(echo '{"warning": "one table was skipped"}' >&3
echo '{"detail": {"tables": 12}}' >&3; echo 'dumping a' >&2)");
  Manifest manifest;
  EXPECT_THAT(tests::stderr_of([&] { manifest = create(state_); }),
              HasSubstr("one table was skipped"));
  EXPECT_THAT(manifest.warnings, ElementsAre("one table was skipped"));
  EXPECT_EQ(manifest.detail, R"({"tables":12})");
  EXPECT_THAT(log_of(manifest.id), HasSubstr("| dumping a"));
}

TEST_F(CreateTest, AnExporterThatPrintsHalfAndFailsIsAFailure) {
  lab_.at("export.b", "echo half; echo 'connection lost' >&2; exit 1");
  expect_failed(ErrorKind::kFailed, HasSubstr("connection lost"));
}

TEST_F(CreateTest, AnExporterThatFailsAfterItsLastByteIsAFailure) {
  lab_.at("export.end", "echo 'checksum wrong' >&2; exit 1");
  expect_failed(ErrorKind::kFailed, HasSubstr("checksum wrong"));
}

TEST_F(CreateTest, AnExporterThatPrintsNothingIsAFailure) {
  lab_.at("export.b", "exit 0");
  expect_failed(ErrorKind::kFailed, HasSubstr("the dump of b is empty"));
}

TEST_F(CreateTest, AnExporterThatIsKilledIsAFailure) {
  lab_.at("export.b", "echo half; kill -KILL $$");
  expect_failed(ErrorKind::kFailed, HasSubstr("signal 9"));
}

TEST_F(CreateTest, AnExporterThatNeverStartsIsEnded) {
  state_.settings.change(
      [](Settings& settings) { settings.set("fake:one", "start-timeout", "1s"); });
  lab_.at("export.b", "exec sleep 60");
  expect_failed(ErrorKind::kFailed, HasSubstr("timeout"));
}

TEST_F(CreateTest, AnExporterThatFallsSilentIsEnded) {
  state_.settings.change(
      [](Settings& settings) { settings.set("fake:one", "silence-timeout", "1s"); });
  lab_.at("export.b", "echo half; exec sleep 60");
  expect_failed(ErrorKind::kFailed, HasSubstr("timeout"));
}

TEST_F(CreateTest, OfAStoppedSourceIsAFailureOfThatKind) {
  lab_.describe_as(R"({"state": "stopped"})");
  expect_failed(ErrorKind::kStopped, HasSubstr("is stopped"));
}

TEST_F(CreateTest, OfAPausedSourceIsAFailureOfThatKind) {
  lab_.describe_as(R"({"state": "paused"})");
  expect_failed(ErrorKind::kPaused, HasSubstr("is paused"));
}

TEST_F(CreateTest, WithoutAProperDescriptionIsAFailure) {
  lab_.describe_as("not JSON");
  expect_failed(ErrorKind::kFailed, HasSubstr("returned an invalid answer"));
}

TEST_F(CreateTest, OfAMissingSourceLeavesNoHistory) {
  EXPECT_THAT([this] { create(state_, Lab::source("typo")); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("source fake:typo not found")));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_THAT(state_.catalog.open().sources(), IsEmpty());
  EXPECT_THAT(tests::files_below(lab_.root() / "logs"), IsEmpty());
}

TEST_F(CreateTest, WhateverIsThrownLeavesARowWithItsReason) {
  const auto progress = [](const std::string&, std::uint64_t, std::uint64_t) {
    throw std::bad_alloc();
  };
  EXPECT_ANY_THROW(create(state_, Lab::source(), progress));
  ASSERT_THAT(rows(), SizeIs(1));
  EXPECT_EQ(rows()[0].status, BackupStatus::kFailed);
  EXPECT_THAT(rows()[0].error, testing::Not(IsEmpty()));
}

TEST_F(CreateTest, SweepsAfterAFailureAndTriesOnceMoreWhereNothingWasWritten) {
  lab_.at("export.b", "exit 1");
  EXPECT_THROW(create(state_), Error);
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one", "export one a", "export one b", "sweep RUN",
                                        "describe one", "export one b", "sweep RUN"));
}

TEST_F(CreateTest, IsRefusedWhileAnotherRuns) {
  lab_.at("export.a", "exec sleep 60");
  const tests::Child other([this] {
    State state = lab_.open();
    create(state);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([this] { return lab_.calls().size() >= 2; }));
  EXPECT_THAT([this] { create(state_); },
              ThrowsError(ErrorKind::kBusy, HasSubstr(std::to_string(other.pid()))));
  EXPECT_THAT(rows(), SizeIs(1));
}

class AdoptTest : public CreateTest {
 protected:
  Manifest adopt(const std::string& text, const std::optional<std::string>& artifact = {}) {
    tests::spill(lab_.path() / "dump", text);
    const Fd input(::open((lab_.path() / "dump").c_str(), O_RDONLY | O_CLOEXEC));
    return adopt_backup(state_, {Lab::source(), Trigger::kAdopt, "from elsewhere"}, artifact,
                        input.get(), {});
  }
};

TEST_F(AdoptTest, MakesABackupOfADumpThatIsRead) {
  const Manifest manifest = adopt("alpha");
  EXPECT_THAT(manifest.artifacts, SizeIs(1));
  EXPECT_EQ(manifest.artifacts.at(0).name, "a") << "the only one that is not auxiliary";
  EXPECT_EQ(row_of(state_, manifest.id).trigger, Trigger::kAdopt);
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one"));
  tests::restore(state_, manifest.id);
  EXPECT_THAT(lab_.live(), ElementsAre(testing::Pair("a", "alpha")));
}

TEST_F(AdoptTest, TakesTheArtifactThatIsNamed) {
  EXPECT_EQ(adopt("roles", "b").artifacts.at(0).name, "b");
}

TEST_F(AdoptTest, RefusesAnArtifactThatTheSourceHasNot) {
  EXPECT_THAT([this] { adopt("x", "nope"); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("no artifact 'nope'")));
  tests::expect_sound(lab_);
}

TEST_F(AdoptTest, AsksWhichOfSeveral) {
  lab_.describe_as(
      R"({"state": "running", "artifacts": [{"name": "x", "kind": "fake-rows"}, {"name": "y", "kind": "fake-rows"}]})");
  EXPECT_THAT([this] { adopt("x"); },
              ThrowsError(ErrorKind::kBadInput, AllOf(HasSubstr("x, y"), HasSubstr("--artifact"))));
}

TEST_F(AdoptTest, RefusesWhatIsNoSuchDump) {
  lab_.describe_as(
      R"({"state": "running", "artifacts": [{"name": "x", "kind": "fake-rows", "starts_with": "PGDMP"}]})");
  EXPECT_THAT([this] { adopt("<html>"); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([this] { adopt(""); },
              ThrowsError(ErrorKind::kBadInput, HasSubstr("no dump was given on stdin")));
  EXPECT_THAT(rows(), IsEmpty());
  tests::expect_sound(lab_);
}

TEST_F(AdoptTest, RefusesWhatItsInspectorCallsIncomplete) {
  lab_.describe_as(
      R"({"state": "running", "artifacts": [{"name": "x", "kind": "fake-export", "inspector": "rdb"}]})");
  EXPECT_THAT([this] { adopt("root:x:0:0:root:/root:/bin/bash\n"); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("is not a dump of Redis")));
  EXPECT_THAT(rows(), IsEmpty());
  adopt("REDIS0003\xFE\xFF");
  EXPECT_THAT(rows(), SizeIs(1));
  tests::expect_sound(lab_);
}

TEST_F(AdoptTest, RefusesWhatTheHookCheckCannotRead) {
  lab_.add_hook("fake", "check",
                R"(#!/bin/bash
echo "check $*" >>")" +
                    (lab_.path() / "checked").string() + R"("
[[ $(cat) != bad ]] || { echo 'the server cannot read it' >&2; exit 7; }
)");
  EXPECT_THAT([this] { adopt("bad"); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("the server cannot read it")));
  EXPECT_THAT(rows(), IsEmpty());
  EXPECT_EQ(tests::slurp(lab_.path() / "checked"), "check one a\n");
  adopt("good");
  EXPECT_THAT(rows(), SizeIs(1));
  tests::expect_sound(lab_);
}

/// docker exec, and some exporters, exit 0 although the end is missing.
TEST_F(CreateTest, FailsWhenTheInspectorMissesTheEndOfWhatAnExporterCalledDone) {
  lab_.describe_as(
      R"({"state": "running", "artifacts": [{"name": "a", "kind": "fake-sql", "inspector": "sql-dump"}]})");
  lab_.set_live("one", {{"a", "-- MySQL dump 10.13\nINSERT INTO t VALUES (1);\n"}});
  expect_failed(ErrorKind::kFailed, HasSubstr("the dump of a is incomplete: the last line"));
}

TEST_F(CreateTest, SaysInItsLogWhatNoInspectorCouldJudge) {
  lab_.describe_as(
      R"({"state": "running", "artifacts": [{"name": "a", "kind": "fake-sql", "inspector": "sql-dump"}]})");
  lab_.set_live("one", {{"a", "INSERT INTO t VALUES (1);\n"}});
  EXPECT_THAT(log_of(create(state_).id),
              HasSubstr("not checked whether the dump of a is complete: it has no end marker"));
}

}  // namespace
}  // namespace backups
