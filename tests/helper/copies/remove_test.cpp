#include "copies/remove.hpp"

#include <gmock/gmock.h>

#include "backup/create.hpp"
#include "copies/verify.hpp"
#include "model/target.hpp"
#include "support/bucket_server.hpp"
#include "support/errors.hpp"
#include "support/faults.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::SizeIs;
using tests::create;
using tests::expect_sound;
using tests::FaultOutcome;
using tests::FaultPlan;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

class RemoveTest : public testing::Test {
 protected:
  std::string make(Trigger trigger = Trigger::kManual) {
    return create_backup(state_, {Lab::source(), trigger, ""}, {}).id;
  }
  bool last_good(const std::string& id) {
    return is_last_good(state_.catalog.open(), row_of(state_, id));
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(RemoveTest, RemovesTheFilesAndKeepsTheRow) {
  const std::string id = make();
  const std::string other = make();
  tests::remover(state_).remove_backup(row_of(state_, id));
  const Backup row = row_of(state_, id);
  EXPECT_EQ(row.status, BackupStatus::kSuccess);
  EXPECT_TRUE(row.deleted_at);
  EXPECT_FALSE(row.deleting);
  EXPECT_EQ(row.copies.at(0).status, CopyStatus::kDeleted);
  ASSERT_THAT(state_.catalog.open().events(row), SizeIs(1));
  EXPECT_EQ(state_.catalog.open().events(row)[0].what, "deleted");
  EXPECT_THAT([&] { tests::verify(state_, row); }, ThrowsError(ErrorKind::kNotFound));
  tests::verify(state_, row_of(state_, other));
  expect_sound(lab_);
}

TEST_F(RemoveTest, NothingIsDeletedWhileThePinsCannotBeRead) {
  const std::string id = make();
  make();
  for (const char* pins : {"5", "[5]", R"({"a": 1})"}) {
    tests::spill(lab_.root() / "settings.json",
                 std::string(R"({"format": 1, "pins": )") + pins + "}");
    State state = lab_.open();
    const auto refused = ThrowsError(ErrorKind::kRefused, testing::HasSubstr("'pins' in"));
    EXPECT_THAT([&] { tests::remover(state).remove_backup(row_of(state, id)); }, refused) << pins;
    EXPECT_THAT([&] { tests::remover(state).remove_copy(row_of(state, id), kLocalTarget); },
                refused)
        << pins;
    EXPECT_FALSE(row_of(state, id).deleting);
    tests::verify(state, row_of(state, id));
  }
}

TEST_F(RemoveTest, ACopyThatWasNeverMadeIsDeletedAndNotMissing) {
  const tests::BucketServer bucket;
  bucket.add_to(state_, "far");
  const std::string id = make();
  state_.catalog.open().mark_copy(row_of(state_, id),
                                  {"far", CopyStatus::kFailed, "it is queued", {}});
  tests::remover(state_).remove_copy(row_of(state_, id), "far");
  EXPECT_EQ(row_of(state_, id).copy_on("far")->status, CopyStatus::kDeleted);
  tests::verify(state_, row_of(state_, id));
}

TEST_F(RemoveTest, ARemovalThatFailsSaysThatItHasBegun) {
  tests::BucketServer bucket;
  bucket.add_to(state_, "far");
  const std::string id = make();
  state_.catalog.open().mark_copy(row_of(state_, id), {"far", CopyStatus::kSuccess, "", {}});
  bucket.fault = [](const tests::ServerRequest& request) -> std::optional<tests::ServerReply> {
    if (request.method != "DELETE") return {};
    return tests::ServerReply{403, "<Error><Code>AccessDenied</Code></Error>"};
  };
  const auto begun = testing::HasSubstr("The removal of " + id + " has begun, and the tick");
  EXPECT_THAT([&] { tests::remover(state_).remove_backup(row_of(state_, id)); },
              ThrowsError(ErrorKind::kUnreachable, begun));
  EXPECT_TRUE(row_of(state_, id).deleting);
}

TEST_F(RemoveTest, OfAFailedBackupKeepsItsRow) {
  lab_.at("export.b", "exit 1");
  EXPECT_THROW(make(), Error);
  const Backup failed = state_.catalog.open().list({}).at(0);
  tests::remover(state_).remove_backup(failed);
  EXPECT_TRUE(row_of(state_, failed.id).deleted_at);
}

TEST_F(RemoveTest, OfWhatIsGoneAlreadyIsDone) {
  const std::string id = make();
  fs::remove_all(lab_.backups_of(Lab::source()));
  tests::remover(state_).remove_backup(row_of(state_, id));
  EXPECT_TRUE(row_of(state_, id).deleted_at);
}

class RemoveFault : public testing::TestWithParam<FaultPlan> {};

TEST_P(RemoveFault, OfEveryCallIsFinishedByTheNextCommand) {
  const int count = tests::for_every_call(GetParam(), [](const FaultPlan& plan) {
    SCOPED_TRACE("call " + std::to_string(plan.at));
    const Lab lab;
    State state = lab.open();
    const std::string id = create(state).id;
    const FaultOutcome outcome = run_with_fault(plan, [&] {
      State own = lab.open();
      tests::remover(own).remove_backup(row_of(own, id));
    });
    EXPECT_NE(outcome.end, FaultOutcome::End::kOtherException);
    expect_sound(lab);
    if (outcome.end == FaultOutcome::End::kDone) EXPECT_TRUE(row_of(state, id).deleted_at);
    return outcome;
  });
  EXPECT_GT(count, 8);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RemoveFault,
                         testing::Values(FaultPlan{FaultPlan::Kind::kFails, 0, EIO},
                                         FaultPlan{FaultPlan::Kind::kKilled},
                                         FaultPlan{FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

TEST_F(RemoveTest, TheOnlyGoodOneIsTheLast) {
  const std::string first = make();
  EXPECT_TRUE(last_good(first));
  const std::string second = make();
  EXPECT_FALSE(last_good(first));
  EXPECT_FALSE(last_good(second));
  tests::remover(state_).remove_backup(row_of(state_, second));
  EXPECT_TRUE(last_good(first));
}

TEST_F(RemoveTest, NeitherFailedNorSafetyNorHalfDeletedOnesAreAnother) {
  const std::string good = make();
  make(Trigger::kSafety);
  const std::string half = make();
  state_.catalog.open().mark_deleting(row_of(state_, half));
  lab_.at("export.b", "exit 1");
  EXPECT_THROW(make(), Error);
  EXPECT_TRUE(last_good(good));
  EXPECT_FALSE(last_good(state_.catalog.open().list({}).at(0).id)) << "a failed one is no good one";
}

TEST_F(RemoveTest, OneOfAnotherSourceIsNotAnother) {
  const std::string good = make();
  lab_.set_live("two", {{"a", "x"}, {"b", "x"}});
  create(state_, Lab::source("two"));
  EXPECT_TRUE(last_good(good));
}

TEST_F(RemoveTest, ADamagedOneIsNotAnother) {
  const std::string good = make();
  const std::string bad = make();
  state_.catalog.open().mark_copy(row_of(state_, bad), {"local", CopyStatus::kDamaged, "x", {}});
  EXPECT_TRUE(last_good(good)) << "a script must not take the last way back";
}

}  // namespace
}  // namespace backups
