#include "catalog/catalog.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "catalog/schema.hpp"
#include "model/backup_id.hpp"
#include "stream/digest.hpp"

namespace backups {
namespace {

constexpr const char* kColumns =
    "key, id, type, name, address, status, trigger, label, error, started_at, finished_at, "
    "verified_at, deleting, deleted_at, engine, engine_version, raw_size, stored_size, "
    "schedule, suspect, identity, row_count, manifest_sha256, sequence, reference";

constexpr const char* kHasGoodCopy =
    "EXISTS (SELECT 1 FROM copies WHERE backup = key AND status = 'success')";

constexpr std::int64_t kComplete = 0x626b7570;  // "bkup", as file(1) shows it

std::optional<std::uint64_t> size_at(const Statement& statement, int column) {
  const auto number = statement.optional_number(column);
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

std::int64_t signed_size(std::uint64_t size) { return static_cast<std::int64_t>(size); }

Backup backup_at(const Statement& row) {
  Backup backup;
  backup.key = row.number(0);
  backup.id = row.text(1);
  backup.source = {row.text(2), row.text(3), row.text(4)};
  backup.status = row.text(5);
  backup.trigger = row.text(6);
  backup.label = row.text(7);
  backup.error = row.text(8);
  backup.started_at = row.number(9);
  backup.finished_at = row.optional_number(10);
  backup.verified_at = row.optional_number(11);
  backup.deleting = row.number(12) != 0;
  backup.deleted_at = row.optional_number(13);
  backup.engine = row.text(14);
  backup.engine_version = row.text(15);
  backup.raw_size = size_at(row, 16);
  backup.stored_size = size_at(row, 17);
  backup.schedule = row.text(18);
  backup.suspect = row.text(19);
  backup.identity = row.text(20);
  backup.rows = row.optional_number(21);
  backup.manifest_sha256 = row.text(22);
  backup.sequence = row.number(23);
  backup.reference = row.text(24);
  return backup;
}

/// "?, ?, ?"
std::string marks(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ", ?";
  return text;
}

Database open(const std::filesystem::path& path) {
  Database database(path);
  database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  return database;
}

}  // namespace

bool Backup::has_good_copy() const {
  return std::any_of(copies.begin(), copies.end(),
                     [](const Copy& copy) { return copy.status == "success"; });
}

const Copy* Backup::copy_on(const std::string& target) const {
  for (const auto& copy : copies)
    if (copy.target == target) return &copy;
  return nullptr;
}

Catalog::Catalog(const std::filesystem::path& path) : Catalog(open(path)) {}

Catalog::Catalog(Database database) : database_(std::move(database)) { migrate(database_); }

std::unique_ptr<Catalog> Catalog::copy_of(const std::filesystem::path& path) {
  return std::unique_ptr<Catalog>(new Catalog(Database::copy_of(path)));
}

bool Catalog::is_complete() {
  Statement query(database_, "PRAGMA application_id");
  return query.step() && query.number(0) == kComplete;
}

void Catalog::mark_complete() {
  database_.execute("PRAGMA application_id = " + std::to_string(kComplete));
}

Backup Catalog::begin(const Source& source, Time time, const std::string& trigger,
                      const std::string& label, const std::string& schedule) {
  Transaction transaction(database_);
  while (find(source.type, make_id(source.name, time))) ++time;
  Backup backup;
  backup.id = make_id(source.name, time);
  backup.source = source;
  backup.status = "in-progress";
  backup.trigger = trigger;
  backup.label = label;
  backup.schedule = schedule;
  backup.started_at = time;
  backup.sequence = next_sequence(time);
  Statement(database_,
            "INSERT INTO backups (id, type, name, address, status, trigger, label, started_at, "
            "schedule, sequence) VALUES (?, ?, ?, ?, 'in-progress', ?, ?, ?, ?, ?)")
      .bind(backup.id)
      .bind(source.type)
      .bind(source.name)
      .bind(source.address)
      .bind(trigger)
      .bind(label)
      .bind(time)
      .bind(schedule)
      .bind(backup.sequence)
      .run();
  backup.key = database_.last_insert_rowid();
  transaction.commit();
  return backup;
}

std::int64_t Catalog::next_sequence(Time time) {
  Statement newest(database_,
                   "SELECT max(number) FROM (SELECT max(sequence) AS number FROM backups UNION ALL "
                   "SELECT max(at) FROM chores WHERE name GLOB 'replaced *' OR name GLOB "
                   "'destroyed *')");
  newest.step();
  return std::min(std::max(newest.optional_number(0).value_or(0) + 1, time),
                  Manifest::kMostSequence);
}

/// Not by the key that was read: the catalog may have been rebuilt since.
std::optional<std::int64_t> Catalog::key_of(const Backup& backup) {
  Statement query(database_, "SELECT key FROM backups WHERE id = ? AND type = ?");
  if (!query.bind(backup.id).bind(backup.source.type).step()) return std::nullopt;
  return query.number(0);
}

void Catalog::succeed(const Backup& backup, const Manifest& manifest, const std::string& target,
                      const std::string& host) {
  const auto key = key_of(backup);
  if (!key) return adopt(manifest, target, host);
  Transaction transaction(database_);
  write_manifest(*key, manifest, target, host);
  transaction.commit();
}

void Catalog::adopt(const Manifest& manifest, const std::string& target, const std::string& host) {
  Transaction transaction(database_);
  const auto known = find(manifest.source.type, manifest.id);
  if (known && !known->manifest_sha256.empty() && known->manifest_sha256 != sha256(manifest.text))
    throw Error(ErrorKind::kDamaged, "the manifest of " + manifest.id + " on " + target +
                                         " is not the one that is known");
  Statement(database_,
            "INSERT OR IGNORE INTO backups (id, type, name, address, status, trigger, label, "
            "started_at, schedule, sequence) VALUES (?, ?, ?, ?, 'success', ?, ?, ?, ?, ?)")
      .bind(manifest.id)
      .bind(manifest.source.type)
      .bind(manifest.source.name)
      .bind(manifest.source.address)
      .bind(manifest.trigger)
      .bind(manifest.label)
      .bind(manifest.started_at)
      .bind(manifest.schedule)
      .bind(manifest.sequence == 0 ? manifest.started_at : manifest.sequence)
      .run();
  write_manifest(find(manifest.source.type, manifest.id)->key, manifest, target, host);
  transaction.commit();
}

void Catalog::write_manifest(std::int64_t key, const Manifest& manifest, const std::string& target,
                             const std::string& host) {
  Statement(database_,
            "UPDATE backups SET status = 'success', error = '', finished_at = ?, engine = ?, "
            "engine_version = ?, raw_size = ?, stored_size = ?, suspect = ?, identity = ?, "
            "row_count = ?, manifest_sha256 = ?, reference = ? WHERE key = ?")
      .bind(manifest.finished_at)
      .bind(manifest.engine)
      .bind(manifest.engine_version)
      .bind(signed_size(manifest.raw_size()))
      .bind(signed_size(manifest.stored_size()))
      .bind(manifest.suspect)
      .bind(manifest.identity)
      .bind(manifest.rows())
      .bind(sha256(manifest.text))
      .bind(manifest.reference)
      .bind(key)
      .run();
  std::int64_t position = 0;
  for (const auto& artifact : manifest.artifacts) {
    Statement(database_, "INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(key)
        .bind(position++)
        .bind(artifact.name)
        .bind(artifact.kind)
        .bind(artifact.file)
        .bind(signed_size(artifact.stored_size))
        .bind(artifact.stored_sha256)
        .bind(signed_size(artifact.raw_size))
        .bind(artifact.raw_sha256)
        .run();
  }
  Statement(
      database_,
      "INSERT INTO copies (backup, target, status, size, host) VALUES (?, ?, 'success', ?, ?) ON "
      "CONFLICT DO UPDATE SET status = excluded.status, error = '', size = excluded.size, "
      "host = coalesce(nullif(excluded.host, ''), host)")
      .bind(key)
      .bind(target)
      .bind(signed_size(manifest.stored_size()))
      .bind(host)
      .run();
}

void Catalog::fail(const Backup& backup, const std::string& error, Time time) {
  Statement(database_,
            "UPDATE backups SET status = 'failed', error = ?, finished_at = ? WHERE id = ? AND "
            "type = ? AND status = 'in-progress'")
      .bind(error)
      .bind(time)
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::forget(const Backup& backup) {
  Statement(database_, "DELETE FROM backups WHERE id = ? AND type = ? AND status = 'in-progress'")
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::accept(const Backup& backup) {
  Statement(database_, "UPDATE backups SET suspect = '', reference = '' WHERE id = ? AND type = ?")
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::mark_verified(const Backup& backup, Time time) {
  Statement(database_, "UPDATE backups SET verified_at = ? WHERE id = ? AND type = ?")
      .bind(time)
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::mark_copy(const Backup& backup, const Copy& copy) {
  const auto key = key_of(backup);
  if (!key) return;  // nobody asks for a copy of what is not known
  Statement(
      database_,
      "INSERT INTO copies (backup, target, status, error, size, host, etag, attempts, tried_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?3 = 'in-progress', ?8) ON CONFLICT DO UPDATE SET "
      "status = excluded.status, error = excluded.error, size = coalesce(excluded.size, size), "
      "host = coalesce(nullif(excluded.host, ''), host), "
      "etag = coalesce(nullif(excluded.etag, ''), etag), attempts = attempts + excluded.attempts, "
      "tried_at = coalesce(excluded.tried_at, tried_at)")
      .bind(*key)
      .bind(copy.target)
      .bind(copy.status)
      .bind(copy.error)
      .bind(copy.size ? std::optional<std::int64_t>(signed_size(*copy.size)) : std::nullopt)
      .bind(copy.host)
      .bind(copy.etag)
      .bind(copy.status == "in-progress" ? std::optional<Time>(now()) : std::nullopt)
      .run();
}

bool Catalog::observe_copy(const Backup& backup, const Copy& copy) {
  Transaction transaction(database_);
  const auto current = find(backup.source.type, backup.id);
  const Copy* before = backup.copy_on(copy.target);
  if (!current || current->deleting || current->deleted_at != backup.deleted_at) return false;
  const Copy* after = current->copy_on(copy.target);
  if ((before == nullptr) != (after == nullptr)) return false;
  if (after != nullptr && (after->status != before->status || after->attempts != before->attempts ||
                           after->status == "in-progress" || after->status == "deleting"))
    return false;
  mark_copy(backup, copy);
  transaction.commit();
  return true;
}

void Catalog::mark_deleting(const Backup& backup, bool deleting) {
  Statement(database_, "UPDATE backups SET deleting = ? WHERE id = ? AND type = ?")
      .bind(deleting ? 1 : 0)
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::mark_deleted(const Backup& backup, Time time) {
  Statement(database_, "UPDATE backups SET deleting = 0, deleted_at = ? WHERE id = ? AND type = ?")
      .bind(time)
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

void Catalog::revive(const Backup& backup) {
  Statement(database_, "UPDATE backups SET deleted_at = NULL WHERE id = ? AND type = ?")
      .bind(backup.id)
      .bind(backup.source.type)
      .run();
}

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

std::optional<Backup> Catalog::latest(const Source& source) {
  return newest(source, std::string("trigger NOT IN ('safety', 'final') AND suspect = '' AND ") +
                            kHasGoodCopy);
}

std::optional<Backup> Catalog::passed_over(const Source& source) {
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
  if (filter.status) query.bind(*filter.status);
  if (filter.sources)
    for (const auto& source : *filter.sources) query.bind(source);
  return read(query.bind(filter.limit));
}

std::vector<Backup> Catalog::in_progress() {
  Statement query(database_,
                  std::string("SELECT ") + kColumns + " FROM backups WHERE status = 'in-progress'");
  return read(query);
}

std::vector<Backup> Catalog::half_deleted() {
  Statement query(database_,
                  std::string("SELECT ") + kColumns +
                      " FROM backups WHERE deleting = 1 OR key IN (SELECT backup FROM copies WHERE "
                      "status = 'deleting')");
  return read(query);
}

std::vector<Backup> Catalog::half_copied() {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE status = 'success' AND key IN (SELECT backup "
                                 "FROM copies WHERE status = 'in-progress')");
  return read(query);
}

std::vector<Backup> Catalog::badly_copied() {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE status = 'success' AND deleted_at IS NULL "
                                 "AND deleting = 0 AND key IN (SELECT backup FROM copies WHERE "
                                 "status = 'failed') ORDER BY sequence DESC, key DESC");
  return read(query);
}

std::vector<ScheduleRun> Catalog::runs_of(const Source& source, const std::string& schedule,
                                          Time now, int limit) {
  if (!runs_of_)
    runs_of_.emplace(database_,
                     "SELECT status, error, started_at, finished_at FROM backups WHERE type = ? "
                     "AND name = ? AND schedule = ? AND schedule <> '' AND started_at <= ? "
                     "ORDER BY sequence DESC, key DESC LIMIT ?");
  runs_of_->reset();
  runs_of_->bind(source.type)
      .bind(source.name)
      .bind(schedule)
      .bind(latest_believed(now))
      .bind(limit);
  std::vector<ScheduleRun> found;
  while (runs_of_->step())
    found.push_back(
        {runs_of_->text(0), runs_of_->text(1), runs_of_->number(2), runs_of_->optional_number(3)});
  runs_of_->reset();
  return found;
}

std::optional<Time> Catalog::last_success(const Source& source, const std::string& schedule,
                                          Time now) {
  Statement query(database_,
                  "SELECT max(started_at) FROM backups WHERE type = ? AND name = ? AND "
                  "schedule = ? AND schedule <> '' AND status = 'success' AND started_at <= ?");
  query.bind(source.type).bind(source.name).bind(schedule).bind(latest_believed(now)).step();
  return query.optional_number(0);
}

std::vector<Backup> Catalog::from_the_future(Time now) {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE started_at > ? AND status = 'success' AND "
                                 "deleted_at IS NULL ORDER BY sequence DESC");
  return read(query.bind(latest_believed(now)));
}

std::vector<Backup> Catalog::long_gone(Time time) {
  Statement query(database_, std::string("SELECT ") + kColumns +
                                 " FROM backups WHERE started_at < ?1 AND deleting = 0 AND "
                                 "(deleted_at < ?1 OR status = 'failed' AND finished_at < ?1)");
  return read(query.bind(time));
}

void Catalog::erase(const Backup& backup) {
  Statement(database_, "DELETE FROM backups WHERE key = ?").bind(backup.key).run();
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

std::vector<std::string> Catalog::files(const Backup& backup) {
  Statement query(database_,
                  "SELECT file FROM artifacts WHERE backup = (SELECT key FROM backups WHERE id = ? "
                  "AND type = ?) ORDER BY position");
  query.bind(backup.id).bind(backup.source.type);
  std::vector<std::string> files;
  while (query.step()) files.push_back(query.text(0));
  return files;
}

void Catalog::record(const Backup& backup, const std::string& what, const std::string& detail,
                     Time time) {
  const auto key = key_of(backup);
  if (!key) return;
  Statement(database_, "INSERT INTO events (backup, at, what, detail) VALUES (?, ?, ?, ?)")
      .bind(*key)
      .bind(time)
      .bind(what)
      .bind(detail)
      .run();
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
      backup.copies.push_back({query.text(0), query.text(1), query.text(2), size_at(query, 3),
                               query.text(4), query.text(5), static_cast<int>(query.number(6)),
                               query.optional_number(7)});
  }
  return backups;
}

}  // namespace backups
