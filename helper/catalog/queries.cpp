#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/latest.hpp"

// The queries of the catalog. Changes are in catalog.cpp.

namespace backups {
namespace {

constexpr const char* kColumns =
    "key, manifest, status, error, reason, finished_at, verified_at, deleting, deleted_at, "
    "suspect, reference, manifest_sha256, imported";

const std::string kHasGoodCopy =
    "EXISTS (SELECT 1 FROM copies WHERE backup = key AND status = 'success')";

std::optional<std::uint64_t> size_at(const Statement& statement, int column) {
  const auto number = statement.optional_number(column);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

/// Throws Error, kDamaged, for a word that no version of this program writes.
template <typename Enum, std::size_t N>
Enum value_in(const Words<Enum, N>& words, const std::string& word) {
  const auto value = words.find(word);
  if (!value) throw Error(ErrorKind::kDamaged, "the catalog has an unknown value: " + word);
  return *value;
}

Backup backup_at(const Statement& row) {
  Backup backup;
  static_cast<Manifest&>(backup) = manifest_from_json(row.text(1));
  backup.key = row.number(0);
  backup.status = value_in(kBackupStatuses, row.text(2));
  backup.error = row.text(3);
  backup.reason = value_in(kFailureReasons, row.text(4));
  backup.finished_at = row.optional_number(5).value_or(0);
  backup.verified_at = row.optional_number(6);
  backup.deleting = row.number(7) != 0;
  backup.deleted_at = row.optional_number(8);
  backup.suspect = row.text(9);
  backup.reference = row.text(10);
  backup.manifest_sha256 = row.text(11);
  backup.imported = row.number(12) != 0;
  return backup;
}

/// Placeholders: "?, ?, ?".
std::string marks(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

}  // namespace

std::optional<Backup> Catalog::find(const std::string& type, const std::string& id) {
  Statement query(database_,
                  std::string("SELECT ") + kColumns + " FROM backups WHERE id = ? AND type = ?");
  auto found = read(query.bind(id).bind(type));
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::vector<Backup> Catalog::find(const std::string& id) {
  Statement query(database_, std::string("SELECT ") + kColumns + " FROM backups WHERE id = ?");
  return read(query.bind(id));
}

const std::string& latest_condition() {
  static const std::string kCondition =
      "status = 'success' AND deleted_at IS NULL AND deleting = 0 AND "
      "trigger NOT IN ('safety', 'final') AND suspect = '' AND " +
      kHasGoodCopy;
  return kCondition;
}

std::optional<Backup> Catalog::latest(const Source& source) {
  return newest(source, latest_condition());
}

std::optional<Backup> Catalog::newer_excluded(const Source& source) {
  return newest(source,
                std::string("trigger <> 'safety' AND (trigger = 'final' OR suspect <> '' OR NOT ") +
                    kHasGoodCopy + ")");
}

std::optional<Backup> Catalog::newest(const Source& source, const std::string& which) {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE type = ? AND name = ? AND status = 'success' "
                                 "AND deleted_at IS NULL AND deleting = 0 AND " +
                                 which + " ORDER BY sequence DESC, key DESC LIMIT 1");
  auto found = read(query.bind(source.type).bind(source.name));
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::vector<Backup> Catalog::list(const Filter& filter) {
  std::string sql = std::string("SELECT ") + kColumns + " FROM backups WHERE 1";
  if (filter.source) sql += " AND type = ? AND name = ?";
  if (!filter.deleted) sql += " AND deleted_at IS NULL";
  if (filter.status) sql += " AND status = ?";
  if (filter.sources) sql += " AND type || ':' || name IN (" + marks(filter.sources->size()) + ")";
  sql += " ORDER BY sequence DESC, key DESC LIMIT ?";
  Statement query(database_, sql);
  if (filter.source) query.bind(filter.source->type).bind(filter.source->name);
  if (filter.status) query.bind(kBackupStatuses[*filter.status]);
  if (filter.sources)
    for (const auto& source : *filter.sources) query.bind(source);
  return read(query.bind(filter.limit));
}

std::vector<Backup> Catalog::in_progress() {
  Statement query(database_,
                  std::string("SELECT ") + kColumns + " FROM backups WHERE status = 'in-progress'");
  return read(query);
}

std::vector<Backup> Catalog::unfinished_deletions() {
  Statement query(database_,
                  std::string("SELECT ") + kColumns +
                      " FROM backups WHERE deleting = 1 OR key IN (SELECT backup FROM copies WHERE "
                      "status = 'deleting')");
  return read(query);
}

std::vector<Backup> Catalog::unfinished_copies() {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE status = 'success' AND key IN (SELECT backup "
                                 "FROM copies WHERE status = 'in-progress')");
  return read(query);
}

std::vector<Backup> Catalog::failed_copies() {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE status = 'success' AND deleted_at IS NULL "
                                 "AND deleting = 0 AND key IN (SELECT backup FROM copies WHERE "
                                 "status = 'failed') ORDER BY sequence DESC, key DESC");
  return read(query);
}

std::vector<ScheduleRun> Catalog::runs_of(const Source& source, const std::string& schedule,
                                          Time now, int limit) {
  if (!runs_of_)
    runs_of_.emplace(
        database_,
        "SELECT status, error, reason, started_at, finished_at FROM backups WHERE type = ? "
        "AND name = ? AND schedule = ? AND schedule <> '' AND imported = 0 AND started_at <= ? "
        "ORDER BY sequence DESC, key DESC LIMIT ?");
  runs_of_->reset();
  runs_of_->bind(source.type)
      .bind(source.name)
      .bind(schedule)
      .bind(latest_believed(now))
      .bind(limit);
  std::vector<ScheduleRun> found;
  while (runs_of_->step())
    found.push_back({{value_in(kBackupStatuses, runs_of_->text(0)), runs_of_->text(1),
                      value_in(kFailureReasons, runs_of_->text(2))},
                     runs_of_->number(3),
                     runs_of_->optional_number(4)});
  runs_of_->reset();
  return found;
}

std::optional<Time> Catalog::last_success(const Source& source, const std::string& schedule,
                                          Time now) {
  Statement query(database_,
                  "SELECT max(started_at) FROM backups WHERE type = ? AND name = ? AND "
                  "schedule = ? AND schedule <> '' AND imported = 0 AND status = 'success' AND "
                  "started_at <= ?");
  query.bind(source.type).bind(source.name).bind(schedule).bind(latest_believed(now)).step();
  return query.optional_number(0);
}

// "+sequence" can't be sorted by an index, so that SQLite finds the few rows by time and does not
// read all of them in their order.
std::vector<Backup> Catalog::from_the_future(Time now) {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE started_at > ? AND status = 'success' AND "
                                 "imported = 0 AND deleted_at IS NULL ORDER BY +sequence DESC");
  return read(query.bind(latest_believed(now)));
}

std::vector<Backup> Catalog::expired_rows(Time time) {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE started_at < ?1 AND deleting = 0 AND "
                                 "(deleted_at < ?1 OR status = 'failed' AND finished_at < ?1)");
  return read(query.bind(time));
}

std::vector<Source> Catalog::sources(const std::optional<std::string>& name) {
  std::string sql = "SELECT DISTINCT type, name, address FROM backups";
  if (name) sql += " WHERE name = ?";
  Statement query(database_, sql + " ORDER BY type, name");
  if (name) query.bind(*name);
  std::vector<Source> found;
  while (query.step()) found.push_back({query.text(0), query.text(1), query.text(2)});
  return found;
}

std::vector<Event> Catalog::events(const Backup& backup) {
  Statement query(database_, "SELECT at, what, detail FROM events WHERE backup = ? ORDER BY key");
  query.bind(backup.key);
  std::vector<Event> events;
  while (query.step()) events.push_back({query.number(0), query.text(1), query.text(2)});
  return events;
}

std::vector<Backup> Catalog::select(const std::string& where,
                                    const std::function<void(Statement&)>& bind) {
  Statement query(database_, std::string("SELECT ") + kColumns + " FROM backups WHERE " + where);
  bind(query);
  return read(query);
}

std::vector<Backup> Catalog::read(Statement& statement) {
  try {
    return read_rows(statement);
  } catch (const Error& error) {
    // SQLite cannot notice an invalid value, so the catalog is marked as damaged here.
    if (error.kind() == ErrorKind::kDamaged) database_.found_damaged();
    throw;
  }
}

std::vector<Backup> Catalog::read_rows(Statement& statement) {
  std::vector<Backup> backups;
  while (statement.step()) backups.push_back(backup_at(statement));
  Statement query(
      database_,
      "SELECT target, status, error, size, host, etag, attempts, tried_at FROM copies WHERE "
      "backup = ? "
      "ORDER BY 1");
  for (auto& backup : backups) {
    query.reset();
    query.bind(backup.key);
    while (query.step())
      backup.copies.push_back({query.text(0), value_in(kCopyStatuses, query.text(1)), query.text(2),
                               size_at(query, 3), query.text(4), query.text(5),
                               static_cast<int>(query.number(6)), query.optional_number(7)});
  }
  return backups;
}

}  // namespace backups
