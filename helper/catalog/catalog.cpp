#include "catalog/catalog.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "catalog/schema.hpp"
#include "model/backup_id.hpp"
#include "stream/digest.hpp"

namespace backups {
namespace {

constexpr std::int64_t kComplete = 0x626b7570;  // "bkup", as file(1) shows it

std::int64_t signed_size(std::uint64_t size) { return static_cast<std::int64_t>(size); }

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
  Time free = time;
  while (find(source.type, make_id(source.name, free))) ++free;
  Backup backup;
  backup.id = make_id(source.name, free);
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
                   "SELECT max(at) FROM job_marks WHERE name GLOB 'replaced *' OR name GLOB "
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

void Catalog::erase(const Backup& backup) {
  Statement(database_, "DELETE FROM backups WHERE key = ?").bind(backup.key).run();
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

}  // namespace backups
