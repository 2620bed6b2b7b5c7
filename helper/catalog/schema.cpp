#include "catalog/schema.hpp"

#include <array>
#include <set>
#include <string>

#include "base/error.hpp"

namespace backups {
namespace {

/// Step N upgrades a database of user_version N to N + 1. Steps are only added, never changed.
constexpr std::array<const char*, 2> kMigrations = {R"sql(
CREATE TABLE backups (
  key             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL,
  type            TEXT NOT NULL,
  name            TEXT NOT NULL,
  address         TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('in-progress', 'success', 'failed')),
  error           TEXT NOT NULL DEFAULT '',
  reason          TEXT NOT NULL DEFAULT '',
  trigger         TEXT NOT NULL,
  schedule        TEXT NOT NULL DEFAULT '',
  sequence        INTEGER NOT NULL,
  started_at      INTEGER NOT NULL,
  finished_at     INTEGER,
  verified_at     INTEGER,
  deleting        INTEGER NOT NULL DEFAULT 0,
  deleted_at      INTEGER,
  raw_size        INTEGER,
  stored_size     INTEGER,
  suspect         TEXT NOT NULL DEFAULT '',
  reference       TEXT NOT NULL DEFAULT '',
  manifest        TEXT NOT NULL,
  manifest_sha256 TEXT NOT NULL DEFAULT '',
  UNIQUE (id, type)
) STRICT;
CREATE INDEX backups_by_sequence ON backups (sequence);
CREATE INDEX backups_by_source ON backups (type, name, sequence);
CREATE INDEX backups_by_name ON backups (name, type, address);
CREATE INDEX backups_by_time ON backups (started_at);
CREATE INDEX backups_by_schedule ON backups (type, name, schedule, sequence) WHERE schedule <> '';
CREATE INDEX backups_there ON backups (type, name, sequence) WHERE deleted_at IS NULL;
CREATE INDEX backups_unfinished ON backups (status) WHERE status = 'in-progress';
CREATE INDEX backups_deleting ON backups (deleting) WHERE deleting = 1;

CREATE TABLE copies (
  backup   INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  target   TEXT NOT NULL,
  status   TEXT NOT NULL,
  error    TEXT NOT NULL DEFAULT '',
  size     INTEGER,
  host     TEXT NOT NULL DEFAULT '',
  etag     TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  tried_at INTEGER,
  PRIMARY KEY (backup, target)
) STRICT;
CREATE INDEX copies_unfinished ON copies (status) WHERE status = 'in-progress';
CREATE INDEX copies_failed ON copies (status) WHERE status = 'failed';
CREATE INDEX copies_deleting ON copies (status) WHERE status = 'deleting';

CREATE TABLE events (
  key    INTEGER PRIMARY KEY,
  backup INTEGER NOT NULL REFERENCES backups ON DELETE CASCADE,
  at     INTEGER NOT NULL,
  what   TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_backup ON events (backup);

CREATE TABLE job_marks (
  name TEXT PRIMARY KEY,
  at   INTEGER NOT NULL
) STRICT;

CREATE TABLE incidents (
  kind    TEXT NOT NULL,
  subject TEXT NOT NULL,
  since   INTEGER NOT NULL,
  times   INTEGER NOT NULL,
  told_at INTEGER,
  PRIMARY KEY (kind, subject)
) STRICT;

CREATE TABLE outbox (
  key       INTEGER PRIMARY KEY,
  channel   TEXT NOT NULL,
  message   TEXT NOT NULL,
  incident  TEXT NOT NULL,
  queued_at INTEGER NOT NULL,
  next_try  INTEGER NOT NULL,
  attempts  INTEGER NOT NULL DEFAULT 0
) STRICT;
)sql",
                                                    R"sql(
ALTER TABLE backups ADD COLUMN imported INTEGER NOT NULL DEFAULT 0;
)sql"};

constexpr auto kNewest = static_cast<std::int64_t>(kMigrations.size());

std::int64_t version_of(Database& database) {
  Statement version(database, "PRAGMA user_version");
  version.step();
  return version.number(0);
}

void apply(Database& database, std::int64_t from, std::int64_t to) {
  for (std::int64_t step = from; step < to; ++step) {
    database.execute(kMigrations[static_cast<std::size_t>(step)]);
    database.execute("PRAGMA user_version = " + std::to_string(step + 1));
  }
}

/// All columns, as "copies.host". Compared instead of the schema's text, which differs between
/// releases of SQLite.
std::set<std::string> columns_of(Database& database) {
  Statement query(
      database,
      "SELECT t.name || '.' || c.name FROM sqlite_master t, pragma_table_info(t.name) c "
      "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'");
  std::set<std::string> columns;
  while (query.step()) columns.insert(query.text(0));
  return columns;
}

/// Catalogs from before the first release have a table for what the manifest now contains.
bool is_of_a_preview(Database& database) {
  Statement query(database,
                  "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'artifacts'");
  return query.step();
}

/// An intact database may lack a table, so that statements or further steps would fail for ever.
/// Throws Error, kDamaged.
void check_columns(Database& database, std::int64_t version) {
  Database made = Database::copy_of({});
  apply(made, 0, version);
  const auto expected = columns_of(made);
  const auto found = columns_of(database);
  for (const auto& column : expected)
    if (!found.contains(column)) throw Error(ErrorKind::kDamaged, "it has no column " + column);
  if (version < kNewest && found.size() > expected.size())
    throw Error(ErrorKind::kDamaged,
                "it has more columns than its version " + std::to_string(version));
}

}  // namespace

void migrate(Database& database) {
  const std::int64_t found = version_of(database);
  if (found > 0 && is_of_a_preview(database))
    throw Error(ErrorKind::kRefused, "it was made by a version from before the first release");
  if (found > kNewest)
    throw Error(ErrorKind::kFailed,
                "catalog.db was created by a newer version of this plugin: update the plugin");
  if (found < 0) throw Error(ErrorKind::kDamaged, "it has no valid version");
  if (found == kNewest) return check_columns(database, found);
  Transaction transaction(database);
  // Another process may have upgraded it while this one waited.
  const std::int64_t from = version_of(database);
  check_columns(database, from);
  apply(database, from, kNewest);
  transaction.commit();
}

}  // namespace backups
