#include "catalog/schema.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/manifests.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;
using tests::kNoon;
using tests::ThrowsError;

const Source kDb{"postgres", "my-db", "my-db"};

class SchemaTest : public testing::Test {
 protected:
  std::int64_t version() {
    Database database(path_);
    Statement query(database, "PRAGMA user_version");
    query.step();
    return query.number(0);
  }
  std::vector<std::string> rows(const std::string& sql) {
    Database database(path_);
    Statement query(database, sql);
    std::vector<std::string> found;
    while (query.step()) found.push_back(query.text(0));
    return found;
  }

  tests::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "catalog.db";
};

TEST_F(SchemaTest, OfANewFileIsMadeOnce) {
  Database database(path_);
  migrate(database);
  migrate(database);
  EXPECT_THAT(rows("SELECT name FROM sqlite_schema WHERE type = 'table'"),
              IsSupersetOf({"backups", "copies", "events", "outbox"}));
}

/// Whoever has one has it from before the first release; its settings and manifests lack much, too.
TEST_F(SchemaTest, OfBeforeTheFirstReleaseIsRefusedAndLeftAlone) {
  {
    Database(path_).execute(
        "CREATE TABLE backups (key INTEGER PRIMARY KEY, id TEXT); "
        "CREATE TABLE artifacts (backup INTEGER, position INTEGER); PRAGMA user_version = 4");
  }
  EXPECT_THAT([this] { Catalog{path_}; },
              ThrowsError(ErrorKind::kRefused, HasSubstr("before the first release")));
  EXPECT_EQ(version(), 4);
}

TEST_F(SchemaTest, OfANewerVersionIsRefusedAndLeftAlone) {
  { const Catalog catalog(path_); }
  const std::int64_t newer = version() + 1;
  { Database(path_).execute("PRAGMA user_version = " + std::to_string(newer)); }
  EXPECT_THAT([this] { Catalog{path_}; },
              ThrowsError(ErrorKind::kFailed, HasSubstr("update the plugin")));
  EXPECT_EQ(version(), newer);
}

TEST_F(SchemaTest, ThatCannotBeMadeLeavesNothing) {
  { Database(path_).execute("CREATE TABLE events (mine)"); }
  EXPECT_THAT([this] { Catalog{path_}; }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(version(), 0);
  EXPECT_THAT(rows("SELECT name FROM sqlite_schema WHERE type = 'table'"), ElementsAre("events"));
}

TEST_F(SchemaTest, IsDurableAndChecksItsReferences) {
  Catalog catalog(path_);
  EXPECT_THAT(rows("PRAGMA journal_mode"), ElementsAre("wal"));
  EXPECT_THAT(
      [&] {
        catalog.database().execute(
            "INSERT INTO events (backup, at, what, detail) VALUES (7, 0, 'what', '')");
      },
      ThrowsError(ErrorKind::kFailed, HasSubstr("FOREIGN KEY")));
}

TEST_F(SchemaTest, OfAFileThatIsNoDatabaseIsDamaged) {
  tests::spill(path_, tests::prose(10'000));
  EXPECT_THAT([this] { Catalog{path_}; }, ThrowsError(ErrorKind::kDamaged));
}

TEST_F(SchemaTest, OfACutDatabaseIsDamaged) {
  {
    Catalog catalog(path_);
    for (int i = 0; i < 100; ++i) catalog.begin(kDb, kNoon, Trigger::kManual, "");
  }
  std::filesystem::resize_file(path_, 8192);
  EXPECT_THAT([this] { Catalog(path_).list({}); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_F(SchemaTest, UsesItsIndexesWhereTheCatalogIsLarge) {
  const Catalog catalog(path_);
  Database database(path_);
  Statement query(database,
                  "EXPLAIN QUERY PLAN SELECT * FROM backups WHERE status = 'in-progress'");
  ASSERT_TRUE(query.step());
  EXPECT_THAT(query.text(3), HasSubstr("backups_unfinished"));
}

/// Sound as a database, and of no use: statements would fail for ever.
class DamagedSchema : public SchemaTest, public testing::WithParamInterface<const char*> {};
TEST_P(DamagedSchema, IsDamage) {
  {
    Database database(path_);
    migrate(database);
    database.execute(GetParam());
  }
  EXPECT_THAT([&] { Catalog catalog(path_); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("it ")));
}
INSTANTIATE_TEST_SUITE_P(Changes, DamagedSchema,
                         testing::Values("DROP TABLE copies", "DROP TABLE outbox",
                                         "ALTER TABLE backups RENAME COLUMN error TO note",
                                         "ALTER TABLE copies DROP COLUMN etag",
                                         "PRAGMA user_version = 0", "PRAGMA user_version = -7",
                                         "DROP TABLE events; PRAGMA user_version = 1"));

}  // namespace
}  // namespace backups
