#include "copies/verify.hpp"

#include <gmock/gmock.h>

#include "model/target.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class VerifyTest : public testing::Test {
 protected:
  void verify() { tests::verify(state_, row_of(state_, manifest_.id)); }
  Backup row() { return row_of(state_, manifest_.id); }

  Lab lab_;
  State state_ = lab_.open();
  Manifest manifest_ = create(state_);
  fs::path file_ = lab_.backups_of(Lab::source()) / manifest_.artifacts[1].file;
  std::string good_ = slurp(file_);
};

TEST_F(VerifyTest, RecordsThatAllIsWell) {
  EXPECT_FALSE(row().verified_at);
  verify();
  EXPECT_TRUE(row().verified_at);
  EXPECT_EQ(row().copies.at(0).status, CopyStatus::kSuccess);
}

TEST_F(VerifyTest, RecordsDamage) {
  spill(file_, "something else");
  EXPECT_THAT([this] { verify(); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr(manifest_.artifacts[1].file)));
  EXPECT_FALSE(row().verified_at);
  EXPECT_EQ(row().status, BackupStatus::kSuccess) << "it was one; its copy is damaged";
  EXPECT_EQ(row().copies.at(0).status, CopyStatus::kDamaged);
  EXPECT_THAT(row().copies.at(0).error, HasSubstr("damaged"));
  const auto events = state_.catalog.open().events(row());
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].what, "damaged");
}

TEST_F(VerifyTest, ACopyThatWasNeverMadeIsNotDamaged) {
  state_.catalog.open().mark_copy(row(), {"far", CopyStatus::kInProgress, "", {}});
  state_.catalog.open().mark_copy(row(), {"far", CopyStatus::kFailed, "no route", {}});
  EXPECT_THAT([this] { tests::verify(state_, row(), "far"); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("no route")));
  EXPECT_EQ(row().copy_on("far")->status, CopyStatus::kFailed);
}

TEST_F(VerifyTest, RecordsThatItIsWellAgain) {
  spill(file_, "something else");
  EXPECT_THROW(verify(), Error);
  spill(file_, good_);
  verify();
  EXPECT_EQ(row().copies.at(0).status, CopyStatus::kSuccess);
  EXPECT_EQ(row().copies.at(0).error, "");
}

TEST_F(VerifyTest, SaysOnceThatAFileIsMissing) {
  const std::string name = manifest_.artifacts[1].file;
  fs::remove(file_);
  EXPECT_THAT(
      [this] { verify(); },
      ThrowsError(ErrorKind::kDamaged, testing::StrEq(name + " is damaged: the file is missing")));
}

TEST_F(VerifyTest, AMissingManifestIsDamage) {
  fs::remove(lab_.backups_of(Lab::source()) / (manifest_.id + ".json"));
  EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("manifest")));
  EXPECT_EQ(row().copies.at(0).status, CopyStatus::kDamaged);
}

TEST_F(VerifyTest, AnErrorThatIsNoDamageIsNotRecordedAsSuch) {
  fs::remove(file_);
  fs::create_symlink(file_, file_);  // cannot be read
  EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kFailed));
  EXPECT_EQ(row().copies.at(0).status, CopyStatus::kSuccess);
  EXPECT_THAT(state_.catalog.open().events(row()), IsEmpty());
}

TEST(RequireContent, IsForSuccessesThatAreThere) {
  Backup backup;
  backup.id = "one-2026-04-08-14-30-00";
  backup.status = BackupStatus::kSuccess;
  EXPECT_NO_THROW(require_content(backup));
  backup.deleting = true;
  EXPECT_THAT([&] { require_content(backup); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("deleted")));
  backup.deleting = false;
  backup.deleted_at = 1;
  EXPECT_THAT([&] { require_content(backup); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("deleted")));
  backup.deleted_at.reset();
  backup.status = BackupStatus::kInProgress;
  EXPECT_THAT([&] { require_content(backup); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("not finished")));
  backup.status = BackupStatus::kFailed;
  backup.error = "the exporter died";
  EXPECT_THAT([&] { require_content(backup); },
              ThrowsError(ErrorKind::kNotFound, HasSubstr("the exporter died")));
}

}  // namespace
}  // namespace backups
