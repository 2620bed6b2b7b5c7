#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/paths.hpp"
#include "model/backup.hpp"
#include "model/source.hpp"
#include "sys/clock.hpp"
#include "sys/disk_space.hpp"
#include "sys/lock.hpp"

namespace backups {

/// The contents of `run/<id>/run.json`: what an operation states about itself while it runs, so
/// that others can clean up after it.
struct RunRecord {
  std::string id;          ///< "create-20261120T124500-1f0c2a9b": letters, digits, '-'
  std::string verb;        ///< "create", "restore", ...
  Source source;           ///< the source it works on
  std::string backup;      ///< of the backup that it makes or restores; may be empty
  std::string place;       ///< the staging id (`<where>`) of a restore; may be empty
  std::string hooks;       ///< the directory of the hooks in use; empty: that of the source's type
  std::string safety;      ///< id of the safety backup of a restore; may be empty
  bool replacing = false;  ///< the live data of `source` may be incomplete or gone
  bool late = false;       ///< after the swap, something remains to be restored
  std::string target;      ///< the target that it writes to; may be empty
  std::string host;        ///< below whose name it writes there; empty for `local`
  bool swept = false;      ///< its hooks have been swept after its end
  int pid = 0;
  std::uint64_t process_start = 0;  ///< start time of that process, see start_of()
  Time started_at = 0;
};

/// An operation in progress. It has a directory (mode 0700) that hooks may use, and which is locked
/// while the process lives. The destructor removes the directory.
class Run {
 public:
  Run(const Paths& paths, const std::string& verb, const Source& source);
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;
  ~Run();

  const RunRecord& record() const { return record_; }
  const std::filesystem::path& directory() const { return directory_; }
  void set_backup(const std::string& id);
  void set_place(const std::string& where);
  void set_hooks(const std::string& directory);
  void set_safety(const std::string& id);
  void set_replacing(bool replacing);
  void set_late(bool late);
  void set_target(const std::string& target, const std::string& host);
  /// The file for the keys that it writes, see Written.
  std::filesystem::path notes() const { return directory_ / "written"; }

  /// Makes the destructor leave the directory, so that others clean up.
  void keep() { keep_ = true; }

 private:
  void save() const;

  RunRecord record_;
  std::filesystem::path directory_;
  std::optional<ScratchDirectory> scratch_;  // used if the disk of the state directory is full
  std::optional<Lock> lock_;
  bool keep_ = false;
};

/// The verbs of runs that do more than query a hook.
constexpr const char* kCreateVerb = "create";
constexpr const char* kRestoreVerb = "restore";
/// Copies a backup without holding the lock of its source, see Copying.
constexpr const char* kCopyVerb = "copy";
/// One attempt at a copy, to one target.
constexpr const char* kPushVerb = "push";

/// The runs whose process still lives, or, without `alive`, those whose process is gone.
std::vector<RunRecord> list_runs(const Paths& paths, bool alive);

/// The running operation of `source` that can be cancelled: a backup or restore, otherwise a copy,
/// since a backup may begin while one is made.
std::optional<RunRecord> cancellable_run(const Paths& paths, const Source& source);

/// The runs that died while they were replacing the live data of `source`, oldest first, so that
/// the state of the data is unknown. Runs that only lack their last part (RunRecord::late) are not
/// included.
std::vector<RunRecord> unfinished_replacements(const Paths& paths, const Source& source);

/// Run::notes() of a dead run.
std::filesystem::path notes_of(const Paths& paths, const RunRecord& record);

/// Changes backups and copies that are in progress, but whose process is gone, to failed and
/// interrupted, and the copies of a backup that is being removed to deleting. For commands that
/// only read: the tick, or the next command that changes the source, cleans up.
void show_interrupted(const Paths& paths, std::vector<Backup>& backups);

void remove_run(const Paths& paths, const RunRecord& record);

/// Replaces the record of a dead run.
void rewrite_run(const Paths& paths, const RunRecord& record);

}  // namespace backups
