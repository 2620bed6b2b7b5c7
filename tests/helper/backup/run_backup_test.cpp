#include "backup/run_backup.hpp"

#include <gmock/gmock.h>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "copies/copying.hpp"
#include "model/target.hpp"
#include "support/bucket_server.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using tests::Lab;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

class RunBackupTest : public testing::Test {
 protected:
  RunBackupTest() {
    bucket_.add_to(state_, "far");
    state_.events.subscribe([this](const HostEvent& event) {
      if (const auto* made = std::get_if<BackupMade>(&event)) {
        published_.push_back("made on " + made->target);
      } else if (const auto* failed = std::get_if<BackupFailed>(&event)) {
        published_.push_back(std::string("failed: ") + failed->error.what());
      } else if (const auto* ended = std::get_if<CopyEnded>(&event)) {
        published_.push_back((ended->error ? "no copy on " : "copied to ") + ended->target);
      } else {
        published_.emplace_back("something else");
      }
    });
  }
  Created run(std::vector<std::string> targets) {
    return run_backup(state_, state_.locks.acquire(Lab::source(), "create"),
                      {Lab::source(), Trigger::kManual, "", std::move(targets)}, {});
  }
  void refuse_puts() {
    bucket_.fault = [](const ServerRequest& request) -> std::optional<ServerReply> {
      if (request.method != "PUT") return std::nullopt;
      return ServerReply{403, "<Error><Code>AccessDenied</Code></Error>"};
    };
  }

  Lab lab_;
  State state_ = lab_.open();
  tests::BucketServer bucket_;
  std::vector<std::string> published_;
};

TEST_F(RunBackupTest, PublishesTheBackupAndEachCopyOnce) {
  const Created created = run({"far", "local"});
  EXPECT_THAT(created.failed_copies, IsEmpty());
  EXPECT_THAT(published_, ElementsAre("made on local", "copied to far"));
}

TEST_F(RunBackupTest, WithoutLocalTheFirstTargetGetsTheBytesAtOnce) {
  const Created created = run({"far"});
  EXPECT_THAT(published_, ElementsAre("made on far"));
  EXPECT_EQ(tests::row_of(state_, created.manifest.id).copy_on(kLocalTarget), nullptr);
}

TEST_F(RunBackupTest, TheOtherCopiesAreDueEvenIfTheProcessDiesBeforeTheyBegin) {
  create_backup(state_, {Lab::source(), Trigger::kManual, "", {"far", "local"}}, {});
  const auto due = state_.catalog.open().failed_copies();
  ASSERT_EQ(due.size(), 1U);
  ASSERT_NE(due[0].copy_on("far"), nullptr);
  EXPECT_EQ(due[0].copy_on("far")->attempts, 0);
}

TEST_F(RunBackupTest, ACopyThatFailsLeavesTheBackupAndTheOtherCopies) {
  refuse_puts();
  tests::BucketServer other;
  other.add_to(state_, "near");
  const Created created = run({"local", "far", "near", "gone"});
  EXPECT_THAT(created.failed_copies, ElementsAre(Key("far"), Key("gone")));
  EXPECT_THAT(published_,
              ElementsAre("made on local", "no copy on far", "copied to near", "no copy on gone"));
  const Backup row = tests::row_of(state_, created.manifest.id);
  EXPECT_EQ(row.status, BackupStatus::kSuccess);
  EXPECT_THAT(row.copy_on("gone")->error, HasSubstr("unknown target"));
}

TEST_F(RunBackupTest, AFailureIsPublishedWithItsReasonAndCopiesNothing) {
  lab_.at("export.b", "echo 'no such role' >&2; exit 1");
  EXPECT_THAT([&] { run({"local", "far"}); }, ThrowsError(ErrorKind::kFailed));
  EXPECT_THAT(published_, ElementsAre(HasSubstr("no such role")));
  EXPECT_THAT(bucket_.keys(), IsEmpty());
}

/// Copies may take hours: meanwhile the source is free, and the backup is not.
TEST_F(RunBackupTest, WhileItIsCopiedTheSourceIsFreeAndTheBackupIsMarked) {
  bool looked = false;
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "PUT" || looked) return std::nullopt;
    looked = true;
    State other = lab_.open();
    EXPECT_TRUE(other.locks.try_acquire(Lab::source(), "another backup"));
    const Backup copied = other.catalog.open().list({}).at(0);
    EXPECT_TRUE(is_being_copied(other.paths, copied, "far"));
    EXPECT_THAT([&] { tests::remover(other).remove_backup(copied); },
                ThrowsError(ErrorKind::kBusy));
    return std::nullopt;
  };
  const Created created = run({"local", "far"});
  EXPECT_TRUE(looked);
  EXPECT_FALSE(is_being_copied(state_.paths, tests::row_of(state_, created.manifest.id)));
}

TEST_F(RunBackupTest, OneCopyToATargetAtATime) {
  const Backup backup = tests::row_of(state_, tests::create(state_).id);
  const Copying copying(state_.paths, state_.locks.acquire(Lab::source(), "push"), backup, "far");
  EXPECT_THAT(
      [&] { run_copy(state_, state_.locks.acquire(Lab::source(), "push"), backup, "far", {}); },
      ThrowsError(ErrorKind::kBusy, HasSubstr("is being copied to far")));
  EXPECT_THAT(published_, IsEmpty());
  EXPECT_FALSE(is_being_copied(state_.paths, backup, "near"));
}

}  // namespace
}  // namespace backups
