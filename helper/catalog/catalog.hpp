#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/backup.hpp"
#include "model/source.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// The record of what happened, `catalog.db` (helper/FORMAT.md): a cache of the manifests, and
/// history. Several processes may use it at once. Rows are identified by type and id, never by the
/// key that was read, because the catalog may have been rebuilt since. All functions throw Error:
/// kDamaged if the file is not an intact catalog.
class Catalog {
 public:
  /// Opens the catalog, creates it if it does not exist, and brings its schema up to date.
  explicit Catalog(const std::filesystem::path& path);

  /// A copy in memory, for a full or read-only disk (Database::copy_of). Freeze it after completing
  /// it.
  static std::unique_ptr<Catalog> copy_of(const std::filesystem::path& path);
  /// Makes every further change throw Error, kNoSpace.
  void freeze() { database_.freeze(); }

  /// False until mark_complete() was called: until then, backups may be missing whose files exist.
  bool is_complete();
  void mark_complete();

  /// Adds a row `in-progress`, with the first free id from `time` on and the next sequence number.
  /// The caller must hold the lock of the source.
  Backup begin(const Source& source, Time time, Trigger trigger, const std::string& label,
               const std::string& schedule = {});
  /// Records that the manifest was committed on `target`, below the name of `host` unless that is
  /// `local`. If the backup is unknown, since the catalog was rebuilt meanwhile, it is added as by
  /// adopt().
  void succeed(const Backup& backup, const Manifest& manifest, const std::string& target,
               const std::string& host);
  void fail(const Backup& backup, const std::string& error, Time time,
            FailureReason reason = FailureReason::kError);
  /// Removes a row `in-progress` without a trace.
  void forget(const Backup& backup);
  /// Records a backup that is known only from its manifest. One that another host made is
  /// `imported`: it is not a run of a schedule of this host, and backups are not compared with it.
  /// Throws Error, kDamaged, if the backup is known with a different manifest.
  void adopt(const Manifest& manifest, const std::string& target, const std::string& host,
             bool imported = false);

  /// Records that a person accepted it as good: it is no longer suspect and has no reference.
  void accept(const Backup& backup);
  void mark_verified(const Backup& backup, Time time);
  void mark_copy(const Backup& backup, const Copy& copy);
  /// Like mark_copy(), for the result of an observation that may have taken long. Changes nothing
  /// and returns false if the copy is no longer as it is in `backup`.
  bool observe_copy(const Backup& backup, const Copy& copy);
  void mark_deleting(const Backup& backup, bool deleting = true);
  /// Marks the row only; each copy has a status of its own.
  void mark_deleted(const Backup& backup, Time time);
  /// Undoes mark_deleted(): its files were found again.
  void revive(const Backup& backup);

  std::optional<Backup> find(const std::string& type, const std::string& id);
  /// The backups of that id, of all types.
  std::vector<Backup> find(const std::string& id);
  /// A sequence number for an event at `time` that is not a backup: greater than that of all
  /// earlier backups and, if a mark (catalog/job_marks.hpp) keeps it, less than that of all later
  /// ones.
  std::int64_t next_sequence(Time time);
  /// The newest success that has a good copy and is neither suspect nor deleted nor a safety or
  /// final backup.
  std::optional<Backup> latest(const Source& source);
  /// The newest success that latest() excludes although it may be wanted: suspect, taken before its
  /// service was destroyed, or without a good copy.
  std::optional<Backup> newer_excluded(const Source& source);

  /// The successes of this host that are compared with each other to find suspect ones, newest
  /// first, at most `limit`; deleted ones included.
  std::vector<Backup> comparable(const Source& source, int limit);
  /// The newest of comparable() that is neither suspect nor deleted, in whatever state its copies
  /// are. New backups are compared with it.
  std::optional<Backup> baseline(const Source& source);
  /// The backup that was last restored into a source.
  std::optional<Backup> last_restored(const Source& source);
  /// When the first backup with that reference began, of those since the last restore if there are
  /// any.
  std::optional<Time> referred_since(const Source& source, const std::string& reference);

  struct Filter {
    std::optional<Source> source;
    std::optional<std::set<std::string>> sources;  ///< as Source::text()
    bool deleted = false;                          ///< includes deleted ones
    std::optional<BackupStatus> status;
    std::int64_t limit = -1;  ///< -1: all
  };
  /// The newest first, by sequence number.
  std::vector<Backup> list(const Filter& filter);
  std::vector<Backup> in_progress();
  /// Backups that are being deleted, or of which a copy is.
  std::vector<Backup> unfinished_deletions();
  /// Successes with a copy in progress.
  std::vector<Backup> unfinished_copies();
  /// Successes with a failed copy, newest first.
  std::vector<Backup> failed_copies();
  /// The newest attempts of a schedule that are not dated later than `now`, at most `limit`;
  /// deleted ones included. Prepared once, since the tick calls it for each schedule every minute.
  std::vector<ScheduleRun> runs_of(const Source& source, const std::string& schedule, Time now,
                                   int limit);
  /// When the newest success of a schedule began that is not dated later than `now`.
  std::optional<Time> last_success(const Source& source, const std::string& schedule, Time now);
  /// Successes of this host that are not deleted and dated later than `now`, newest first.
  std::vector<Backup> from_the_future(Time now);

  /// Rows of backups that failed or were deleted before `time`.
  std::vector<Backup> expired_rows(Time time);
  /// Removes a row, and its copies and events.
  void erase(const Backup& backup);

  /// Every source that has a row; with `name`, only those of that name.
  std::vector<Source> sources(const std::optional<std::string>& name = std::nullopt);

  void record(const Backup& backup, const std::string& what, const std::string& detail, Time time);
  std::vector<Event> events(const Backup& backup);

  /// For classes that have tables or queries of their own.
  Database& database() { return database_; }

 private:
  explicit Catalog(Database database);
  std::vector<Backup> read(Statement& statement);
  std::vector<Backup> read_rows(Statement& statement);
  std::vector<Backup> select(const std::string& where, const std::function<void(Statement&)>& bind);
  std::optional<Backup> newest(const Source& source, const std::string& which);
  void write_manifest(std::int64_t key, const Manifest& manifest, const std::string& target,
                      const std::string& host);
  std::optional<std::int64_t> key_of(const std::string& type, const std::string& id);

  Database database_;
  std::optional<Statement> runs_of_;
};

}  // namespace backups
