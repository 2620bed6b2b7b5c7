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

/// What happened: `catalog.db` (helper/FORMAT.md). A cache of the manifests plus history, safe to
/// use from several processes at once, once it was made. Throws Error, kDamaged when the file is no
/// sound database.
class Catalog {
 public:
  /// Opens it, makes it where there is none, and brings its schema up to date.
  explicit Catalog(const std::filesystem::path& path);

  /// A copy of it in memory, for a disk that is full or read-only (Database::copy_of): to look at,
  /// once it is frozen.
  static std::unique_ptr<Catalog> copy_of(const std::filesystem::path& path);
  /// Every change fails from now on, as kNoSpace.
  void freeze() { database_.freeze(); }

  /// False from when it is made until mark_complete(): it may lack backups whose files are there.
  bool is_complete();
  void mark_complete();

  /// A row `in-progress`, its id the first free one from `time` on, its sequence number the next:
  /// whoever calls holds the lock of the source.
  Backup begin(const Source& source, Time time, Trigger trigger, const std::string& label,
               const std::string& schedule = {});
  /// The manifest was committed on `target`, below the name of `host` where that is not `local`. A
  /// catalog that does not know the backup, since it was rebuilt meanwhile, takes it as adopt().
  void succeed(const Backup& backup, const Manifest& manifest, const std::string& target,
               const std::string& host);
  void fail(const Backup& backup, const std::string& error, Time time,
            FailureReason reason = FailureReason::kError);
  /// Removes a row `in-progress` as if it had never been.
  void forget(const Backup& backup);
  /// Records a backup known only from its manifest; `imported`: another host made it, so that it is
  /// no run of a schedule here, nor a measure of what this host makes. Throws Error, kDamaged, when
  /// the backup is known with another manifest.
  void adopt(const Manifest& manifest, const std::string& target, const std::string& host,
             bool imported = false);

  /// It is what it should be after all, and needs no reference.
  void accept(const Backup& backup);
  void mark_verified(const Backup& backup, Time time);
  void mark_copy(const Backup& backup, const Copy& copy);
  /// The same for what a look from outside has shown, which may have taken long: changes nothing
  /// when the copy is not as `backup` has it any more. False then.
  bool observe_copy(const Backup& backup, const Copy& copy);
  void mark_deleting(const Backup& backup, bool deleting = true);
  /// The row; each copy says for itself what became of it.
  void mark_deleted(const Backup& backup, Time time);
  /// It has turned up again.
  void revive(const Backup& backup);

  std::optional<Backup> find(const std::string& type, const std::string& id);
  /// All types that have a backup of that id.
  std::vector<Backup> find(const std::string& id);
  /// A sequence number for what happens at `time` and is no backup: after all that was before, and
  /// before each backup from then on, where a mark (catalog/job_marks.hpp) keeps it.
  std::int64_t next_sequence(Time time);
  /// The newest success with a good copy that is no safety or final backup, not suspect and not
  /// deleted.
  std::optional<Backup> latest(const Source& source);
  /// The newest success that latest() passes over and that may be wanted all the same: suspect,
  /// taken before its service was destroyed, or without a good copy.
  std::optional<Backup> newer_excluded(const Source& source);

  /// Successes of this host that suspicion is about, the newest first; deleted ones too, at most
  /// `limit`.
  std::vector<Backup> judged(const Source& source, int limit);
  /// The newest of them that is not suspect and is there, in whatever state its copies are; without
  /// one, of another host's.
  std::optional<Backup> yardstick(const Source& source);
  /// The backup that was restored last into a source.
  std::optional<Backup> last_restored(const Source& source);
  /// When the first backup of a source began that has that reference.
  std::optional<Time> referred_since(const Source& source, const std::string& reference);

  struct Filter {
    std::optional<Source> source;
    std::optional<std::set<std::string>> sources;  ///< only these, as Source::text()
    bool deleted = false;                          ///< deleted ones too
    std::optional<BackupStatus> status;
    std::int64_t limit = -1;  ///< at most so many, -1: all
  };
  /// Newest first, by their sequence numbers.
  std::vector<Backup> list(const Filter& filter);
  std::vector<Backup> in_progress();
  /// Those that are being deleted, or a copy of them.
  std::vector<Backup> unfinished_deletions();
  /// Successes with a copy that is in progress.
  std::vector<Backup> unfinished_copies();
  /// Successes with a copy that failed, newest first.
  std::vector<Backup> failed_copies();
  /// The newest attempts of a schedule, deleted ones too; at most `limit`, and none that lies ahead
  /// of `now`. Asked for a thousand schedules every minute.
  std::vector<ScheduleRun> runs_of(const Source& source, const std::string& schedule, Time now,
                                   int limit);
  /// When the newest success of a schedule began that does not lie ahead of `now`.
  std::optional<Time> last_success(const Source& source, const std::string& schedule, Time now);
  /// Successes of this host that are there and lie ahead of `now`, newest first.
  std::vector<Backup> from_the_future(Time now);

  /// Those that failed or were deleted before `time`.
  std::vector<Backup> expired_rows(Time time);
  /// Removes such a row, and what is known of it.
  void erase(const Backup& backup);

  /// Every source that has a row and, if one is given, that name.
  std::vector<Source> sources(const std::optional<std::string>& name = std::nullopt);

  void record(const Backup& backup, const std::string& what, const std::string& detail, Time time);
  std::vector<Event> events(const Backup& backup);

  /// For what has tables of its own there, or a question of its own.
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
