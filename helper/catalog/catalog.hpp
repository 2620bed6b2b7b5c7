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

#include "model/manifest.hpp"
#include "model/source.hpp"
#include "sys/clock.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// One backup on one target.
struct Copy {
  std::string target;  ///< "local"
  /// "in-progress", "success", "failed", "damaged", "missing", "deleting", "deleted", "left" (it
  /// may be there, but is not ours to use or remove)
  std::string status;
  std::string error;
  std::optional<std::uint64_t> size;  ///< bytes
  std::string host{};                 ///< below whose name it lies, empty for `local`
  std::string etag{};                 ///< of its manifest; empty: the target has none
  int attempts = 0;                   ///< to make it; counted by the catalog
  std::optional<Time> tried_at{};     ///< when the last one began
};

/// A backup as the catalog knows it.
struct Backup {
  std::int64_t key = 0;
  std::string id;
  Source source;
  std::string status;  ///< "in-progress", "success", "failed"
  std::string trigger;
  std::string schedule;  ///< that made it; empty: none did
  std::string label;
  std::string suspect;  ///< why it may not be what it should be
  /// The id of the last one from before a collapse which nobody accepted yet; empty: there is none.
  std::string reference;
  std::string error;  ///< why it failed
  /// Greater than that of every backup before it on this host: what orders them, where a clock
  /// that jumped would not.
  std::int64_t sequence = 0;
  Time started_at = 0;
  std::optional<Time> finished_at;
  std::optional<Time> deleted_at;
  std::optional<Time> verified_at;
  bool deleting = false;
  std::string engine;
  std::string engine_version;
  std::optional<std::uint64_t> raw_size;     ///< bytes
  std::optional<std::uint64_t> stored_size;  ///< bytes
  std::string identity;                      ///< of the server
  std::optional<std::int64_t> rows;
  std::string manifest_sha256;  ///< of its bytes; empty where it was not read yet
  std::vector<Copy> copies;

  bool has_good_copy() const;
  /// Nothing where none was ever begun there.
  const Copy* copy_on(const std::string& target) const;
  /// Made before a restore or an end: not of the service that is there now.
  bool is_safety_or_final() const { return trigger == "safety" || trigger == "final"; }
  /// "postgres:my-db-2026-04-08-14-30-00"
  std::string text() const { return source.type + ":" + id; }
};

/// The error of a backup whose process died.
constexpr const char* kInterrupted = "interrupted";

/// A try at what a schedule makes.
struct ScheduleRun {
  std::string status;  ///< as of a Backup
  std::string error;
  Time started_at = 0;
  std::optional<Time> finished_at;
};

struct Event {
  Time at;
  std::string what;  ///< "created", "verified", "restored", "deleted", ...
  std::string detail;
};

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
  Backup begin(const Source& source, Time time, const std::string& trigger,
               const std::string& label, const std::string& schedule = {});
  /// The manifest was committed on `target`, below the name of `host` where that is not `local`. A
  /// catalog that does not know the backup, since it was rebuilt meanwhile, takes it as adopt().
  void succeed(const Backup& backup, const Manifest& manifest, const std::string& target,
               const std::string& host);
  void fail(const Backup& backup, const std::string& error, Time time);
  /// Removes a row `in-progress` as if it had never been.
  void forget(const Backup& backup);
  /// Records a backup known only from its manifest. Throws Error, kDamaged, when the backup is
  /// known with another one.
  void adopt(const Manifest& manifest, const std::string& target, const std::string& host);

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
  /// The newest success with a good copy that is not spare, not suspect and not deleted.
  std::optional<Backup> latest(const Source& source);
  /// The newest success that latest() passes over and that may be wanted all the same: suspect,
  /// taken before its service was destroyed, or without a good copy.
  std::optional<Backup> newer_excluded(const Source& source);

  /// Successes that suspicion is about, the newest first; deleted ones too, at most `limit`.
  std::vector<Backup> judged(const Source& source, int limit);
  /// The newest of them that is not suspect and is there, in whatever state its copies are.
  std::optional<Backup> yardstick(const Source& source);
  /// The backup that was restored last into a source.
  std::optional<Backup> last_restored(const Source& source);
  /// When the first backup of a source began that has that reference.
  std::optional<Time> referred_since(const Source& source, const std::string& reference);
  /// The sizes of the plain bytes of its artifacts, by name.
  std::map<std::string, std::uint64_t> artifact_sizes(const Backup& backup);

  struct Filter {
    std::optional<Source> source;
    std::optional<std::set<std::string>> sources;  ///< only these, as Source::text()
    bool deleted = false;                          ///< deleted ones too
    std::optional<std::string> status;
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
  /// Successes that are there and lie ahead of `now`, newest first.
  std::vector<Backup> from_the_future(Time now);

  /// Those that failed or were deleted before `time`.
  std::vector<Backup> expired_rows(Time time);
  /// Removes such a row, and what is known of it.
  void erase(const Backup& backup);

  /// Every source that has a row and, if one is given, that name.
  std::vector<Source> sources(const std::optional<std::string>& name = std::nullopt);

  /// The names of its files beside the manifest, in the manifest's order.
  std::vector<std::string> files(const Backup& backup);

  void record(const Backup& backup, const std::string& what, const std::string& detail, Time time);
  std::vector<Event> events(const Backup& backup);

  /// For what has tables of its own there, or a question of its own.
  Database& database() { return database_; }

 private:
  explicit Catalog(Database database);
  std::vector<Backup> read(Statement& statement);
  std::vector<Backup> select(const std::string& where, const std::function<void(Statement&)>& bind);
  std::optional<Backup> newest(const Source& source, const std::string& which);
  void write_manifest(std::int64_t key, const Manifest& manifest, const std::string& target,
                      const std::string& host);
  std::optional<std::int64_t> key_of(const Backup& backup);

  Database database_;
  std::optional<Statement> runs_of_;
};

}  // namespace backups
