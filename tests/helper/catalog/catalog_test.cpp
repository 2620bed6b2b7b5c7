#include "catalog/catalog.hpp"

#include <gmock/gmock.h>

#include "model/backup_id.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;
using tests::kNoon;
using tests::manifest_of;
using tests::sealed;

const Source kDb{"postgres", "my-db", "my-db"};
const Source kOther{"mysql", "my-db", "my-db"};

class CatalogTest : public testing::Test {
 protected:
  Backup begin(const Source& source = kDb, Time time = kNoon) {
    return catalog_.begin(source, time, Trigger::kManual, "a label");
  }
  Backup succeed(const Backup& backup) {
    catalog_.succeed(backup, manifest_of(backup), "local", "");
    return found(backup);
  }
  Backup found(const Backup& backup) { return *catalog_.find(backup.source.type, backup.id); }

  tests::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "catalog.db";
  Catalog catalog_{path_};
};

TEST_F(CatalogTest, IsCompleteWhenThatWasSaid) {
  EXPECT_FALSE(catalog_.is_complete());
  EXPECT_FALSE(Catalog(path_).is_complete());
  catalog_.mark_complete();
  EXPECT_TRUE(Catalog(path_).is_complete());
}

TEST_F(CatalogTest, BeginsInProgress) {
  const Backup backup = begin();
  EXPECT_EQ(backup.id, "my-db-2026-04-08-14-30-00");
  const Backup row = found(backup);
  EXPECT_EQ(row.key, backup.key);
  EXPECT_EQ(row.source, kDb);
  EXPECT_EQ(row.status, BackupStatus::kInProgress);
  EXPECT_EQ(row.trigger, Trigger::kManual);
  EXPECT_EQ(row.label, "a label");
  EXPECT_EQ(row.started_at, kNoon);
  EXPECT_EQ(row.finished_at, 0);
  EXPECT_EQ(row.artifacts.size(), 0U);
  EXPECT_THAT(row.copies, IsEmpty());
  EXPECT_EQ(row.text(), "postgres:my-db-2026-04-08-14-30-00");
}

TEST_F(CatalogTest, IsOrderedBySequenceNumbersWhateverTheClockSaid) {
  constexpr Time k2099 = 4'090'000'000;
  const Backup before = succeed(begin());
  const Backup ahead = succeed(begin(kDb, k2099));
  const Backup right = succeed(begin(kDb, kNoon + 60));
  const Backup behind = succeed(begin(kDb, 86400));
  EXPECT_EQ(before.sequence, kNoon);
  EXPECT_EQ(ahead.sequence, k2099);
  EXPECT_EQ(behind.sequence, k2099 + 2);
  EXPECT_EQ(catalog_.next_sequence(kNoon), behind.sequence + 1);
  EXPECT_EQ(catalog_.latest(kDb)->id, behind.id);
  EXPECT_EQ(catalog_.list({}).at(1).id, right.id);
}

TEST_F(CatalogTest, TakesTheSequenceNumberOfAManifest) {
  catalog_.adopt(manifest_of(kDb, kNoon), "local", "");
  Manifest numbered = manifest_of(kDb, kNoon - 60);
  numbered.sequence = kNoon + 1;
  catalog_.adopt(sealed(numbered), "local", "");
  EXPECT_EQ(catalog_.latest(kDb)->id, numbered.id);
  EXPECT_EQ(begin(kOther, kNoon).sequence, kNoon + 2);
}

TEST_F(CatalogTest, ASecondThatIsTakenGivesWayToTheNextFreeOne) {
  EXPECT_EQ(begin(kDb, kNoon + 1).id, "my-db-2026-04-08-14-30-01");
  EXPECT_EQ(begin().id, "my-db-2026-04-08-14-30-00");
  const Backup third = begin();
  EXPECT_EQ(third.id, "my-db-2026-04-08-14-30-02");
  EXPECT_EQ(third.started_at, kNoon) << "by the clock, whatever ids are free";
  EXPECT_EQ(begin(kOther).id, "my-db-2026-04-08-14-30-00") << "unique per type";
}

TEST_F(CatalogTest, ManyBackupsInOneSecondAreNotFromTheFuture) {
  Backup last;
  for (int i = 0; i < 90; ++i) {
    last = begin();
    catalog_.succeed(last, manifest_of(last), "local", "");
  }
  EXPECT_THAT(catalog_.from_the_future(kNoon), IsEmpty());
  EXPECT_EQ(catalog_.latest(kDb)->id, last.id);
}

TEST_F(CatalogTest, AnIdIsTakenForGood) {
  catalog_.fail(begin(), "no", kNoon);
  const Backup second = succeed(begin());
  catalog_.mark_deleted(second, kNoon);
  EXPECT_EQ(begin().id, "my-db-2026-04-08-14-30-02");
}

TEST_F(CatalogTest, Succeeds) {
  const Backup row = succeed(begin());
  EXPECT_EQ(row.status, BackupStatus::kSuccess);
  EXPECT_EQ(row.finished_at, kNoon + 5);
  EXPECT_EQ(row.engine, "Fake");
  EXPECT_EQ(row.engine_version, "12.3");
  EXPECT_EQ(row.raw_size(), 300U);
  EXPECT_EQ(row.stored_size(), 30U);
  ASSERT_THAT(row.copies, SizeIs(1));
  EXPECT_EQ(row.copies[0].target, "local");
  EXPECT_EQ(row.copies[0].status, CopyStatus::kSuccess);
  EXPECT_THAT(row.copies[0].size, Optional(30U));
}

TEST_F(CatalogTest, SucceedingTwiceChangesNothing) {
  const Backup backup = begin();
  succeed(backup);
  const Backup row = succeed(backup);
  EXPECT_EQ(row.status, BackupStatus::kSuccess);
  EXPECT_THAT(row.copies, SizeIs(1));
}

TEST_F(CatalogTest, FailsWithItsReason) {
  const Backup backup = begin();
  catalog_.fail(backup, "the exporter died", kNoon + 9);
  const Backup row = found(backup);
  EXPECT_EQ(row.status, BackupStatus::kFailed);
  EXPECT_EQ(row.error, "the exporter died");
  EXPECT_EQ(row.finished_at, kNoon + 9);
}

TEST_F(CatalogTest, WhatHasEndedDoesNotFailAndIsNotForgotten) {
  const Backup backup = succeed(begin());
  catalog_.fail(backup, "too late", kNoon + 9);
  catalog_.forget(backup);
  EXPECT_EQ(found(backup).status, BackupStatus::kSuccess);
  EXPECT_EQ(found(backup).error, "");
}

TEST_F(CatalogTest, ForgetsAnAttempt) {
  const Backup backup = begin();
  catalog_.record(backup, "what", "detail", kNoon);
  catalog_.forget(backup);
  EXPECT_FALSE(catalog_.find("postgres", backup.id));
  EXPECT_THAT(catalog_.sources(), IsEmpty());
  EXPECT_EQ(begin().id, backup.id) << "its id is free again";
}

TEST_F(CatalogTest, AdoptsWhatOnlyTheManifestTells) {
  Manifest manifest = manifest_of(kDb, kNoon);
  manifest.trigger = Trigger::kSafety;
  manifest.label = "from before";
  catalog_.adopt(sealed(manifest), "local", "");
  catalog_.adopt(sealed(manifest), "local", "");
  EXPECT_THAT(catalog_.list({}), SizeIs(1));
  const auto row = catalog_.find("postgres", manifest.id);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, BackupStatus::kSuccess);
  EXPECT_EQ(row->trigger, Trigger::kSafety);
  EXPECT_EQ(row->label, "from before");
  EXPECT_EQ(row->started_at, kNoon);
  EXPECT_EQ(row->stored_size(), 30U);
}

TEST_F(CatalogTest, ABackupOfAnotherHostIsTheYardstickOnlyWhereThereIsNoOwn) {
  const Manifest others = manifest_of(kDb, kNoon + 60);
  catalog_.adopt(others, "offsite", others.host, true);
  EXPECT_EQ(catalog_.baseline(kDb)->id, others.id);
  EXPECT_THAT(catalog_.comparable(kDb, 5), IsEmpty());
  const Manifest own = manifest_of(kDb, kNoon);
  catalog_.adopt(own, "local", "");
  EXPECT_EQ(catalog_.baseline(kDb)->id, own.id);
  EXPECT_THAT(catalog_.comparable(kDb, 5), SizeIs(1));
  EXPECT_EQ(catalog_.latest(kDb)->id, others.id) << "the newest, whoever made it";
  EXPECT_THAT(catalog_.from_the_future(kNoon - 3600), SizeIs(1)) << "of this host's clock";
}

TEST_F(CatalogTest, AdoptingWinsOverAFailedRow) {
  const Backup backup = begin();
  catalog_.fail(backup, "interrupted", kNoon);
  catalog_.adopt(manifest_of(kDb, kNoon), "local", "");
  EXPECT_EQ(found(backup).status, BackupStatus::kSuccess);
  EXPECT_EQ(found(backup).error, "");
}

TEST_F(CatalogTest, MarksWhatWasVerified) {
  const Backup backup = succeed(begin());
  EXPECT_EQ(backup.verified_at, std::nullopt);
  catalog_.mark_verified(backup, kNoon + 60);
  EXPECT_THAT(found(backup).verified_at, Optional(kNoon + 60));
}

TEST_F(CatalogTest, MarksACopyAndKeepsItsSize) {
  const Backup backup = succeed(begin());
  catalog_.mark_copy(backup, {"local", CopyStatus::kDamaged, "a bit fell over", {}});
  Backup row = found(backup);
  ASSERT_THAT(row.copies, SizeIs(1));
  EXPECT_EQ(row.copies[0].status, CopyStatus::kDamaged);
  EXPECT_EQ(row.copies[0].error, "a bit fell over");
  EXPECT_THAT(row.copies[0].size, Optional(30U));
  catalog_.mark_copy(backup, {"attic", CopyStatus::kSuccess, "", 31});
  row = found(backup);
  ASSERT_THAT(row.copies, SizeIs(2));
  EXPECT_EQ(row.copies[0].target, "attic");
  EXPECT_THAT(row.copies[0].size, Optional(31U));
}

TEST_F(CatalogTest, ALookFromOutsideChangesNothingThatHasChangedSince) {
  const Backup seen = succeed(begin());
  catalog_.mark_copy(seen, {"local", CopyStatus::kDeleted, "", {}});
  EXPECT_FALSE(catalog_.observe_copy(seen, {"local", CopyStatus::kSuccess, "", {}}));
  EXPECT_EQ(found(seen).copies.at(0).status, CopyStatus::kDeleted)
      << "it was deleted during the look";
  const Backup again = found(seen);
  EXPECT_TRUE(catalog_.observe_copy(again, {"local", CopyStatus::kSuccess, "", {}}));
  catalog_.mark_copy(again, {"local", CopyStatus::kInProgress, "", {}});
  EXPECT_FALSE(catalog_.observe_copy(found(seen), {"local", CopyStatus::kMissing, "", {}}))
      << "whoever makes it says what became of it";
}

TEST_F(CatalogTest, AManifestThatIsNotTheKnownOneIsRefused) {
  Manifest manifest = manifest_of(kDb, kNoon);
  catalog_.adopt(manifest, "local", "");
  manifest.label = "planted";
  EXPECT_THAT([&] { catalog_.adopt(sealed(manifest), "offsite", "host-1"); },
              tests::ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(catalog_.find("postgres", manifest.id)->copies.size(), 1U);
}

TEST_F(CatalogTest, ABackupIsFoundByItsIdInACatalogThatWasRebuilt) {
  const Backup backup = begin();
  Catalog rebuilt(directory_ / "rebuilt.db");
  rebuilt.begin(kOther, kNoon, Trigger::kManual, "");  // has the key that the backup had
  rebuilt.mark_copy(backup, {"local", CopyStatus::kInProgress, "", {}});
  rebuilt.fail(backup, "no", kNoon);
  EXPECT_EQ(rebuilt.find(kOther.type, make_id(kOther.name, kNoon))->status,
            BackupStatus::kInProgress);
  rebuilt.succeed(backup, manifest_of(backup), "local", "");
  EXPECT_EQ(rebuilt.latest(kDb)->id, backup.id) << "it must not be lost with the old one";
}

TEST_F(CatalogTest, DeletesInTwoSteps) {
  const Backup backup = succeed(begin());
  catalog_.mark_deleting(backup);
  EXPECT_TRUE(found(backup).deleting);
  EXPECT_THAT(catalog_.unfinished_deletions(), SizeIs(1));
  catalog_.mark_deleted(backup, kNoon + 99);
  const Backup row = found(backup);
  EXPECT_FALSE(row.deleting);
  EXPECT_THAT(row.deleted_at, Optional(kNoon + 99));
  EXPECT_EQ(row.copies.at(0).status, CopyStatus::kSuccess)
      << "each copy says for itself what became of it";
  EXPECT_THAT(catalog_.unfinished_deletions(), IsEmpty());
}

TEST_F(CatalogTest, FindsByTypeAndId) {
  const Backup backup = begin();
  begin(kOther);
  EXPECT_THAT(catalog_.find(backup.id), SizeIs(2));
  EXPECT_EQ(catalog_.find("mysql", backup.id)->source, kOther);
  EXPECT_FALSE(catalog_.find("redis", backup.id));
  EXPECT_THAT(catalog_.find("no-such-2026-04-08-14-30-00"), IsEmpty());
  EXPECT_THAT(catalog_.find("' OR 1=1 --"), IsEmpty());
}

TEST_F(CatalogTest, KeepsEventsInOrder) {
  const Backup backup = succeed(begin());
  const Backup other = succeed(begin());
  catalog_.record(backup, "verified", "", kNoon + 1);
  catalog_.record(other, "restored", "into x", kNoon + 1);
  catalog_.record(backup, "restored", "into 'y' -- ü", kNoon + 1);
  const auto events = catalog_.events(backup);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].what, "verified");
  EXPECT_EQ(events[1].what, "restored");
  EXPECT_EQ(events[1].detail, "into 'y' -- ü");
  EXPECT_EQ(events[1].at, kNoon + 1);
}

TEST_F(CatalogTest, KeepsSizesBeyond32Bits) {
  Manifest manifest = manifest_of(kDb, kNoon);
  manifest.artifacts[0].stored_size = 5ULL << 40;
  catalog_.adopt(sealed(manifest), "local", "");
  EXPECT_EQ(catalog_.find("postgres", manifest.id)->stored_size(), (5ULL << 40) + 20);
}

TEST_F(CatalogTest, KeepsItsContentsAcrossProcesses) {
  const Backup backup = succeed(begin());
  Catalog other(path_);
  const auto row = other.find("postgres", backup.id);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->status, BackupStatus::kSuccess);
  EXPECT_THAT(other.list({}), SizeIs(1));
}

}  // namespace
}  // namespace backups
