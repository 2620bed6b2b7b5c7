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
              IsSupersetOf({"backups", "artifacts", "copies", "events"}));
}

// What version 1 of the catalog was, as bytes on disk: never changed, since people have such files.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE backups (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,
  address TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('in-progress', 'success', 'failed')),
  trigger TEXT NOT NULL, label TEXT NOT NULL, error TEXT NOT NULL DEFAULT '',
  started_at INTEGER NOT NULL, finished_at INTEGER, verified_at INTEGER,
  deleting INTEGER NOT NULL DEFAULT 0, deleted_at INTEGER, engine TEXT NOT NULL DEFAULT '',
  engine_version TEXT NOT NULL DEFAULT '', raw_size INTEGER, stored_size INTEGER,
  UNIQUE (id, type)) STRICT;
CREATE INDEX backups_by_source ON backups (type, name, started_at);
CREATE INDEX backups_by_name ON backups (name, type, address);
CREATE INDEX backups_by_time ON backups (started_at);
CREATE INDEX backups_unfinished ON backups (status) WHERE status = 'in-progress';
CREATE INDEX backups_deleting ON backups (deleting) WHERE deleting = 1;
CREATE TABLE artifacts (
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE, position INTEGER NOT NULL,
  name TEXT NOT NULL, kind TEXT NOT NULL, file TEXT NOT NULL, stored_size INTEGER NOT NULL,
  stored_sha256 TEXT NOT NULL, raw_size INTEGER NOT NULL, raw_sha256 TEXT NOT NULL,
  PRIMARY KEY (backup, position)) STRICT;
CREATE TABLE copies (
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE, target TEXT NOT NULL,
  status TEXT NOT NULL, error TEXT NOT NULL DEFAULT '', size INTEGER,
  PRIMARY KEY (backup, target)) STRICT;
CREATE TABLE events (
  key INTEGER PRIMARY KEY, backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  at INTEGER NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX events_by_backup ON events (backup);
INSERT INTO backups (id, type, name, address, status, trigger, label, started_at)
  VALUES ('my-db-2026-04-08-14-30-00', 'postgres', 'my-db', 'my-db', 'success', 'manual', 'old', 1775658600);
INSERT INTO copies VALUES (1, 'local', 'success', '', 30);
PRAGMA user_version = 1;
)sql";

TEST_F(SchemaTest, OfVersion1IsReadWithItsRows) {
  { Database(path_).execute(kVersion1); }
  Catalog catalog(path_);
  const auto row = catalog.find("postgres", "my-db-2026-04-08-14-30-00");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->label, "old");
  EXPECT_THAT(row->copies, SizeIs(1));
  catalog.succeed(catalog.begin(kDb, kNoon, "manual", ""), tests::manifest_of(kDb, kNoon + 1),
                  "local", "");
  EXPECT_EQ(catalog.latest(kDb)->started_at, kNoon);
}

TEST_F(SchemaTest, OfEveryOlderVersionEndsLikeANewOne) {
  { const Catalog fresh(directory_ / "fresh.db"); }
  { Database(path_).execute(kVersion1); }
  { const Catalog migrated(path_); }
  const std::string columns =
      "SELECT m.name || '.' || c.name || ' ' || c.type || c.\"notnull\" FROM sqlite_schema m, "
      "pragma_table_info(m.name) c ORDER BY 1";
  const auto from_version_1 = rows(columns);
  path_ = directory_ / "fresh.db";
  EXPECT_EQ(from_version_1, rows(columns));
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
    for (int i = 0; i < 100; ++i) catalog.begin(kDb, kNoon, "manual", "");
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
                                         "ALTER TABLE backups RENAME COLUMN label TO note",
                                         "ALTER TABLE copies DROP COLUMN etag",
                                         "PRAGMA user_version = 0", "PRAGMA user_version = 2",
                                         "PRAGMA user_version = -7",
                                         "DROP TABLE events; PRAGMA user_version = 1"));

}  // namespace
}  // namespace backups
