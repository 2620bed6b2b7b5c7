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

/// What an operation leaves on disk about itself while it runs, in `run/<id>/run.json`: enough for
/// others to clean up after it.
struct RunRecord {
  std::string id;          ///< "create-20261120T124500-1f0c2a9b": letters, digits, '-'
  std::string verb;        ///< "create", "restore", ...
  Source source;           ///< that it works on
  std::string backup;      ///< id of the backup that it makes or restores; may be empty
  std::string place;       ///< `<where>` of a restore; may be empty
  std::string hooks;       ///< the directory of hooks at work; empty: that of the source's type
  std::string safety;      ///< id of the backup that a restore took first; may be empty
  bool replacing = false;  ///< the live data of `source` may be incomplete or gone
  bool late = false;       ///< once its data are in place, something is still to be restored there
  std::string target;      ///< that it writes a copy to; may be empty
  std::string host;        ///< below whose name, where that is not `local`
  bool swept = false;      ///< what its hooks had left was removed after its end
  int pid = 0;
  std::uint64_t process_start = 0;  ///< of that process, as start_of() says
  Time started_at = 0;
};

/// An operation in progress: its directory (0700), which hooks may use, locked while the process
/// lives. Destroyed, it removes the directory.
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
  /// Where it notes what it writes there: see Written.
  std::filesystem::path notes() const { return directory_ / "written"; }

  /// Leaves the directory for others to clean up.
  void keep() { keep_ = true; }

 private:
  void save() const;

  RunRecord record_;
  std::filesystem::path directory_;
  std::optional<ScratchDirectory> scratch_;  // where the state directory has no room
  std::optional<Lock> lock_;
  bool keep_ = false;
};

/// The verbs of runs that do more than ask a hook.
constexpr const char* kCreateVerb = "create";
constexpr const char* kRestoreVerb = "restore";
/// Copies a backup, without the lock of its source: see Copying.
constexpr const char* kCopyVerb = "copy";
/// One attempt at that, for one target.
constexpr const char* kPushVerb = "push";

/// Those whose process is gone, or, with `alive`, those whose process still runs.
std::vector<RunRecord> list_runs(const Paths& paths, bool alive);

/// What of `source` runs now and may be cancelled: a backup or restore, or else a copy, beside
/// which one may begin.
std::optional<RunRecord> cancellable_run(const Paths& paths, const Source& source);

/// Those that died while they were replacing the live data of `source`, oldest first: nobody knows
/// what is there now. What only lacks its last part (RunRecord::late) is not among them.
std::vector<RunRecord> unfinished_replacements(const Paths& paths, const Source& source);

/// Run::notes() of a run that died.
std::filesystem::path notes_of(const Paths& paths, const RunRecord& record);

/// Shows what of them is in progress, but by no process that lives, as what it is: interrupted. The
/// tick, or the next command that changes its source, cleans up; whoever only looks does not wait
/// for it.
void show_interrupted(const Paths& paths, std::vector<Backup>& backups);

void remove_run(const Paths& paths, const RunRecord& record);

/// Changes what the run of a dead process says about itself.
void rewrite_run(const Paths& paths, const RunRecord& record);

}  // namespace backups
