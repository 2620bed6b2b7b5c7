#include "catalog/catalog.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "catalog/schema.hpp"
#include "model/backup_id.hpp"
#include "stream/digest.hpp"

namespace backups {
namespace {

constexpr std::int64_t kComplete = 0x626b7570;  // "bkup"

/// The backup as a row in progress.
void insert(Database& database, const Manifest& manifest, bool imported = false) {
  Statement(database,
            "INSERT OR IGNORE INTO backups (id, type, name, address, status, trigger, schedule, "
            "sequence, started_at, manifest, imported) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(manifest.id)
      .bind(manifest.source.type)
      .bind(manifest.source.name)
      .bind(manifest.source.address)
      .bind(kBackupStatuses[BackupStatus::kInProgress])
      .bind(kTriggers[manifest.trigger])
      .bind(manifest.schedule)
      .bind(manifest.sequence)
      .bind(manifest.started_at)
      .bind(
          manifest_to_json(manifest).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))
      .bind(imported ? 1 : 0)
      .run();
}

std::int64_t signed_size(std::uint64_t size) { return static_cast<std::int64_t>(size); }

Database open(const std::filesystem::path& path) {
  Database database(path);
  database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  return database;
}

}  // namespace

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

Backup Catalog::begin(const Source& source, Time time, Trigger trigger, const std::string& label,
                      const std::string& schedule) {
  Transaction transaction(database_);
  Time free = time;
  while (key_of(source.type, make_id(source.name, free))) ++free;
  Backup backup;
  backup.id = make_id(source.name, free);
  backup.source = source;
  backup.trigger = trigger;
  backup.label = label;
  backup.schedule = schedule;
  backup.started_at = time;
  backup.sequence = next_sequence(time);
  insert(database_, backup);
  backup.key = database_.last_insert_rowid();
  transaction.commit();
  return backup;
}

std::int64_t Catalog::next_sequence(Time time) {
  Statement newest(database_,
                   "SELECT max(number) FROM (SELECT max(sequence) AS number FROM backups UNION ALL "
                   "SELECT max(at) FROM job_marks WHERE name GLOB 'replaced *' OR name GLOB "
                   "'destroyed *')");
  newest.step();
  return std::min(std::max(newest.optional_number(0).value_or(0) + 1, time),
                  Manifest::kMaxSequence);
}

/// Looks the key up again, since the catalog may have been rebuilt.
std::optional<std::int64_t> Catalog::key_of(const std::string& type, const std::string& id) {
  Statement query(database_, "SELECT key FROM backups WHERE id = ? AND type = ?");
  if (!query.bind(id).bind(type).step()) return std::nullopt;
  return query.number(0);
}

void Catalog::succeed(const Backup& backup, const Manifest& manifest, const std::string& target,
                      const std::string& host) {
  const auto key = key_of(backup.source.type, backup.id);
  if (!key) return adopt(manifest, target, host);
  Transaction transaction(database_);
  write_manifest(*key, manifest, target, host);
  transaction.commit();
}

void Catalog::adopt(const Manifest& manifest, const std::string& target, const std::string& host,
                    bool imported) {
  Transaction transaction(database_);
  const auto known = find(manifest.source.type, manifest.id);
  if (known && !known->manifest_sha256.empty() && known->manifest_sha256 != sha256(manifest.bytes))
    throw Error(ErrorKind::kDamaged, "the manifest of " + manifest.id + " on " + target +
                                         " is not the one that is known");
  insert(database_, manifest, imported);
  write_manifest(*key_of(manifest.source.type, manifest.id), manifest, target, host);
  transaction.commit();
}

void Catalog::write_manifest(std::int64_t key, const Manifest& manifest, const std::string& target,
                             const std::string& host) {
  Statement(database_,
            "UPDATE backups SET status = 'success', error = '', reason = '', finished_at = ?, "
            "raw_size = ?, stored_size = ?, suspect = ?, reference = ?, manifest = ?, "
            "manifest_sha256 = ? WHERE key = ?")
      .bind(manifest.finished_at)
      .bind(signed_size(manifest.raw_size()))
      .bind(signed_size(manifest.stored_size()))
      .bind(manifest.suspect)
      .bind(manifest.reference)
      .bind(manifest.bytes)
      .bind(sha256(manifest.bytes))
      .bind(key)
      .run();
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

void Catalog::fail(const Backup& backup, const std::string& error, Time time,
                   FailureReason reason) {
  Statement(database_,
            "UPDATE backups SET status = 'failed', error = ?, reason = ?, finished_at = ? WHERE "
            "id = ? AND type = ? AND status = 'in-progress'")
      .bind(error)
      .bind(kFailureReasons[reason])
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
  const auto key = key_of(backup.source.type, backup.id);
  if (!key) return;  // the catalog was rebuilt without this backup
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
      .bind(kCopyStatuses[copy.status])
      .bind(copy.error)
      .bind(copy.size ? std::optional<std::int64_t>(signed_size(*copy.size)) : std::nullopt)
      .bind(copy.host)
      .bind(copy.etag)
      .bind(copy.status == CopyStatus::kInProgress ? std::optional<Time>(now()) : std::nullopt)
      .run();
}

bool Catalog::observe_copy(const Backup& backup, const Copy& copy) {
  Transaction transaction(database_);
  const auto current = find(backup.source.type, backup.id);
  const Copy* before = backup.copy_on(copy.target);
  if (!current || current->deleting || current->deleted_at != backup.deleted_at) return false;
  const Copy* after = current->copy_on(copy.target);
  if ((before == nullptr) != (after == nullptr)) return false;
  if (after != nullptr &&
      (after->status != before->status || after->attempts != before->attempts ||
       after->status == CopyStatus::kInProgress || after->status == CopyStatus::kDeleting))
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

void Catalog::erase(const Backup& backup) {
  Statement(database_, "DELETE FROM backups WHERE key = ?").bind(backup.key).run();
}

void Catalog::record(const Backup& backup, const std::string& what, const std::string& detail,
                     Time time) {
  const auto key = key_of(backup.source.type, backup.id);
  if (!key) return;
  Statement(database_, "INSERT INTO events (backup, at, what, detail) VALUES (?, ?, ?, ?)")
      .bind(*key)
      .bind(time)
      .bind(what)
      .bind(detail)
      .run();
}

}  // namespace backups
