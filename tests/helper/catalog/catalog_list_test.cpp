// Which backups list(), latest() and sources() exclude.
#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "support/directory.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using tests::kNoon;
using tests::manifest_of;

const Source kDb{"postgres", "my-db", "my-db"};
const Source kTwin{"mysql", "my-db", "my-db"};
const Source kFile{"sqlite", "app.db-1f0c2a9b", "/srv/app.db"};

class CatalogList : public testing::Test {
 protected:
  Backup success(const Source& source, Time time, Trigger trigger = Trigger::kManual) {
    const Backup backup = catalog_.begin(source, time, trigger, "");
    catalog_.succeed(backup, manifest_of(backup), "local", "");
    return backup;
  }
  Backup failure(const Source& source, Time time) {
    const Backup backup = catalog_.begin(source, time, Trigger::kManual, "");
    catalog_.fail(backup, "no", time);
    return backup;
  }
  /// "type time", with the time relative to noon.
  std::vector<std::string> list(const Catalog::Filter& filter) {
    std::vector<std::string> found;
    for (const auto& backup : catalog_.list(filter))
      found.push_back(backup.source.type + " " + std::to_string(backup.started_at - kNoon));
    return found;
  }
  std::string latest(const Source& source) {
    const auto found = catalog_.latest(source);
    return found ? std::to_string(found->started_at - kNoon) : "none";
  }

  tests::TemporaryDirectory directory_;
  Catalog catalog_{directory_ / "catalog.db"};
};

TEST_F(CatalogList, HasTheNewestFirst) {
  catalog_.begin(kTwin, kNoon, Trigger::kManual, "");
  success(kDb, kNoon + 1);
  failure(kDb, kNoon + 2);
  success(kFile, kNoon + 3);
  EXPECT_THAT(list({}), ElementsAre("sqlite 3", "postgres 2", "postgres 1", "mysql 0"));
}

TEST_F(CatalogList, OfTheSameTimeHasTheLaterRowFirst) {
  success(kDb, kNoon);
  success(kTwin, kNoon);
  EXPECT_THAT(list({}), ElementsAre("mysql 0", "postgres 0"));
}

TEST_F(CatalogList, IsOfOneSource) {
  success(kDb, kNoon);
  success(kTwin, kNoon + 1);
  Catalog::Filter filter;
  filter.source = kDb;
  EXPECT_THAT(list(filter), ElementsAre("postgres 0"));
  filter.source = Source{"postgres", "none", "none"};
  EXPECT_THAT(list(filter), IsEmpty());
}

TEST_F(CatalogList, IsOfAllowedSources) {
  success(kDb, kNoon);
  success(kTwin, kNoon + 1);
  success(kFile, kNoon + 2);
  Catalog::Filter filter;
  filter.sources = {kDb.text(), kFile.text(), "redis:'; DROP TABLE backups; --"};
  EXPECT_THAT(list(filter), ElementsAre("sqlite 2", "postgres 0"));
  filter.sources = std::set<std::string>{};
  EXPECT_THAT(list(filter), IsEmpty()) << "nothing allowed is not everything";
}

TEST_F(CatalogList, HasDeletedOnesOnlyWhenAsked) {
  catalog_.mark_deleted(success(kDb, kNoon), kNoon);
  success(kDb, kNoon + 1);
  EXPECT_THAT(list({}), ElementsAre("postgres 1"));
  Catalog::Filter filter;
  filter.deleted = true;
  EXPECT_THAT(list(filter), ElementsAre("postgres 1", "postgres 0"));
}

TEST_F(CatalogList, IsOfOneStatus) {
  success(kDb, kNoon);
  failure(kDb, kNoon + 1);
  catalog_.begin(kDb, kNoon + 2, Trigger::kManual, "");
  Catalog::Filter filter;
  for (const auto& [status, expected] : {std::pair{BackupStatus::kSuccess, "postgres 0"},
                                         {BackupStatus::kFailed, "postgres 1"},
                                         {BackupStatus::kInProgress, "postgres 2"}}) {
    filter.status = status;
    EXPECT_THAT(list(filter), ElementsAre(expected));
  }
}

TEST_F(CatalogList, HasALimit) {
  for (int i = 0; i < 5; ++i) success(kDb, kNoon + i);
  Catalog::Filter filter;
  filter.limit = 2;
  EXPECT_THAT(list(filter), ElementsAre("postgres 4", "postgres 3"));
  filter.limit = 0;
  EXPECT_THAT(list(filter), IsEmpty());
  filter.limit = -1;
  EXPECT_THAT(list(filter), testing::SizeIs(5));
}

TEST_F(CatalogList, CombinesItsFilters) {
  for (int i = 0; i < 4; ++i) success(kDb, kNoon + i);
  failure(kDb, kNoon + 9);
  success(kTwin, kNoon + 8);
  Catalog::Filter filter;
  filter.source = kDb;
  filter.sources = {kDb.text(), kTwin.text()};
  filter.status = BackupStatus::kSuccess;
  filter.limit = 2;
  EXPECT_THAT(list(filter), ElementsAre("postgres 3", "postgres 2"));
}

TEST_F(CatalogList, HasTheCopiesOfEachBackup) {
  const Backup first = success(kDb, kNoon);
  const Backup second = success(kDb, kNoon + 1);
  catalog_.mark_copy(first, {"attic", CopyStatus::kFailed, "no", {}});
  const auto rows = catalog_.list({});
  ASSERT_THAT(rows, testing::SizeIs(2));
  EXPECT_THAT(rows[0].copies, testing::SizeIs(1));
  EXPECT_THAT(rows[1].copies, testing::SizeIs(2));
}

TEST_F(CatalogList, LatestIsTheNewestSuccess) {
  EXPECT_EQ(latest(kDb), "none");
  success(kDb, kNoon);
  success(kDb, kNoon + 1);
  success(kTwin, kNoon + 5);
  failure(kDb, kNoon + 2);
  catalog_.begin(kDb, kNoon + 3, Trigger::kManual, "");
  EXPECT_EQ(latest(kDb), "1");
}

TEST_F(CatalogList, LatestIsNoSafetyBackup) {
  success(kDb, kNoon);
  success(kDb, kNoon + 1, Trigger::kSafety);
  EXPECT_EQ(latest(kDb), "0");
  success(kDb, kNoon + 2, Trigger::kAdopt);
  EXPECT_EQ(latest(kDb), "2");
}

TEST_F(CatalogList, LatestIsNotDeletedNorBeingDeleted) {
  success(kDb, kNoon);
  catalog_.mark_deleted(success(kDb, kNoon + 1), kNoon);
  catalog_.mark_deleting(success(kDb, kNoon + 2));
  EXPECT_EQ(latest(kDb), "0");
}

TEST_F(CatalogList, LatestIsNotKnownToBeDamaged) {
  success(kDb, kNoon);
  const Backup bad = success(kDb, kNoon + 1);
  catalog_.mark_copy(bad, {"local", CopyStatus::kDamaged, "its SHA-256 is wrong", {}});
  EXPECT_EQ(latest(kDb), "0") << "architecture: the newest success that is not suspect";
}

TEST_F(CatalogList, LatestNeedsOneGoodCopyAndNoMore) {
  success(kDb, kNoon);
  const Backup newer = success(kDb, kNoon + 1);
  catalog_.mark_copy(newer, {"offsite", CopyStatus::kDamaged, "a bit fell over", {}, "host-1"});
  EXPECT_EQ(latest(kDb), "1") << "the copy on this host is good";
  catalog_.mark_copy(newer, {"local", CopyStatus::kDeleted, "", {}});
  EXPECT_EQ(latest(kDb), "0");
  EXPECT_EQ(catalog_.newer_excluded(kDb)->id, newer.id) << "whoever asks is told of it";
  catalog_.mark_copy(newer, {"offsite", CopyStatus::kDeleted, "", {}});
  EXPECT_EQ(latest(kDb), "0") << "one without any copy can't be restored";
}

TEST_F(CatalogList, InProgressAndHalfDeletedAreFound) {
  const Backup open = catalog_.begin(kDb, kNoon, Trigger::kManual, "");
  const Backup half = success(kDb, kNoon + 1);
  catalog_.mark_deleting(half);
  failure(kDb, kNoon + 2);
  ASSERT_THAT(catalog_.in_progress(), testing::SizeIs(1));
  EXPECT_EQ(catalog_.in_progress()[0].id, open.id);
  ASSERT_THAT(catalog_.unfinished_deletions(), testing::SizeIs(1));
  EXPECT_EQ(catalog_.unfinished_deletions()[0].id, half.id);
}

TEST_F(CatalogList, SourcesAreThoseWithARow) {
  success(kFile, kNoon);
  success(kDb, kNoon);
  success(kDb, kNoon + 1);
  failure(kTwin, kNoon);
  EXPECT_THAT(catalog_.sources(), ElementsAre(kTwin, kDb, kFile));
  EXPECT_THAT(catalog_.sources("my-db"), ElementsAre(kTwin, kDb));
  EXPECT_THAT(catalog_.sources("none"), IsEmpty());
}

}  // namespace
}  // namespace backups
