#include "lifecycle/recover.hpp"

#include <map>
#include <optional>
#include <set>

#include "archive/artifact.hpp"
#include "archive/written.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "copies/copy.hpp"
#include "copies/copying.hpp"
#include "copies/remove.hpp"
#include "hook/hook.hpp"
#include "host/identity.hpp"
#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "restore/rollback.hpp"
#include "sys/clock.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

std::string manifest_key(const Source& source, const std::string& id) {
  return key_of(source, manifest_file(id));
}

/// True if nothing can or may be cleaned up there: the target was removed, or the files may belong
/// to another machine.
bool is_out_of_reach(const SettingsFile& settings_file, Identity& identity,
                     const std::string& target, const std::string& host) {
  if (target == kLocalTarget) return false;
  return !settings_file.read().targets.contains(target) ||
         (!host.empty() && !identity.read().owns(host));
}

/// Records as failed an attempt whose files were removed or may not be touched.
void fail_attempt(Catalog& catalog, const Events& events, const Backup& backup,
                  const std::string& target) {
  catalog.mark_copy(backup, {target, CopyStatus::kFailed, kInterrupted, {}});
  if (backup.status != BackupStatus::kInProgress) {
    log::step("The copy of " + backup.id + " to " + target +
              " was interrupted; its leftovers were removed, the backup itself is complete");
    return;
  }
  catalog.fail(backup, kInterrupted, now(), FailureReason::kInterrupted);
  events.publish(BackupFailed{backup.source, backup.trigger, backup.id,
                              Error(ErrorKind::kFailed, kInterrupted)});
  log::step("Backup " + backup.id +
            " was interrupted and recorded as failed; its leftovers were removed");
}

/// Records a success that the dead process did not record, or that a lost catalog does not know.
void record_success(CatalogFile& catalog, const Events& events, const std::optional<Backup>& backup,
                    const Manifest& manifest, const std::string& target, const std::string& host) {
  if (backup) {
    catalog.open().succeed(*backup, manifest, target, host);
  } else {
    catalog.adopt(manifest, target, host);
  }
  events.publish(BackupsChanged{});
  if (backup && backup->status == BackupStatus::kInProgress)
    log::step("Backup " + backup->id +
              " had completed before its process died; recorded as successful");
}

/// True if the files may be complete although the row does not say so. A failed copy is included:
/// its process may have recorded the failure and died before it removed the files.
bool is_unsettled(const std::optional<Backup>& backup, const std::string& target) {
  if (!backup || backup->status == BackupStatus::kInProgress) return true;
  const Copy* copy = backup->copy_on(target);
  return copy != nullptr &&
         (copy->status == CopyStatus::kInProgress || copy->status == CopyStatus::kFailed);
}

bool is_copy(const RunRecord& run) { return run.verb == kCopyVerb || run.verb == kPushVerb; }

/// Returns true if the restored data is in place, but its late part was not restored.
bool abandon_restore(const Hooks& installed, const Paths& paths, const RunRecord& dead) {
  log::detail("Cleaning up after the interrupted restore of " + dead.source.spelling());
  Run run(paths, "abandon", dead.source);
  HookLog log{{}};
  std::string found;
  try {
    found = trim(query_hook(installed, run, log, {dead.source.type, dead.hooks}, "abandon",
                            {dead.source.address, dead.place}, {}, kCleanUpTimeouts));
  } catch (const Error&) {
    run.keep();  // the hook may have left files or containers
    throw;
  }
  const std::string half =
      found.ends_with("restored") ? "had put the restored data in place before it was interrupted"
      : found.ends_with("unchanged") ? "was interrupted: the data is unchanged"
                                     : "was interrupted: the data is unchanged, or restored if the "
                                       "interruption came at the very end";
  // A restore that replaced the live data is reported by report_replacement().
  if (!dead.replacing) log::step("The restore of " + dead.source.spelling() + " " + half);
  return dead.late && !found.ends_with("unchanged");
}

/// Opens an incident, which lasts until a restore into that source succeeds.
void report_replacement(const Events& events, const RunRecord& dead) {
  events.publish(Problem{{.kind = AlertKind::kRestore,
                          .source = dead.source.text(),
                          .backup = dead.backup,
                          .message = unfinished_replacement(dead),
                          .code = static_cast<int>(ErrorKind::kFailed)}});
}

bool is_same_source(const Source& one, const Source& other) {
  return one.type == other.type && one.name == other.name;
}

/// Begins the name of the job mark for the last failed clean-up of a target; its name follows.
constexpr const char* kFailedAt = "clean-up failed ";
constexpr Time kPauseAfterFailure = 15 * 60;
constexpr Time kAlertAfter = 3600;  // raised for operations that began longer ago

/// One pass of clean-up after processes that died. It never guesses: a process records what it is
/// going to do before it does it (its run, the keys that it writes, its row in the catalog), and
/// only that is undone. Whatever cannot be finished now remains recorded for the next pass.
class Recovery {
 public:
  /// `spares`: skip targets that failed a short time ago.
  Recovery(State& state, Reach reach, bool spares)
      : state_(state),
        remover_(state.paths, state.settings, state.identity, state.targets, state.catalog),
        reach_(reach),
        spares_(spares) {}

  /// Begins with the runs, which know most: the hooks to sweep, the files to remove. Then come rows
  /// in progress whose run was lost, and last the deletions, which only need to be completed. The
  /// caller holds the lock of the source.
  void recover(const Source& source) {
    for (const auto& dead : list_runs(state_.paths, false))
      if (is_same_source(dead.source, source))
        attempt(source, dead.id, dead.started_at, [&] { recover_run(dead); });
    const auto each = [&](const std::vector<Backup>& found, const auto& work) {
      for (const auto& backup : found) {
        if (!is_same_source(backup.source, source)) continue;
        attempt(source, backup.id, backup.started_at, [&] {
          // Cleaning up the run may have settled the backup already.
          if (const auto current = state_.catalog.open().find(backup.source.type, backup.id))
            work(*current);
        });
      }
    };
    const auto unfinished = [&](const Backup& backup) { recover_backup(backup); };
    each(state_.catalog.open().in_progress(), unfinished);
    each(state_.catalog.open().unfinished_copies(), unfinished);
    each(state_.catalog.open().unfinished_deletions(), [&](const Backup& backup) {
      remover_.finish(backup,
                      [&](const auto& target, const auto& work) { return at(target, work); });
    });
  }

 private:
  /// Reports each problem once, since a target that cannot be reached fails for all its copies.
  /// Raises an alert if the problem lasts.
  template <typename Work>
  void attempt(const Source& source, const std::string& what, Time begun, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      const std::string message =
          "Cannot clean up after " + what + ": " + error.what() + ". It is tried again later";
      if (logged_.insert(error.what()).second) log::warn(message);
      if (now() > begun + kAlertAfter)
        state_.events.publish(Problem{{.kind = AlertKind::kCleanup,
                                       .source = source.text(),
                                       .message = message,
                                       .code = error.exit_code()}});
    }
  }

  /// Does work on a target. Returns false if it was postponed: a command does not wait for the
  /// network, and a target that just failed would only delay the tick again.
  bool at(const std::string& target, const std::function<void()>& work) {
    if (target == kLocalTarget) {
      work();
      return true;
    }
    if (reach_ == Reach::kHere) return false;
    const JobMarks job_marks(state_.catalog.open().database());
    const Time failed = job_marks.done_at(kFailedAt + target);
    if ((spares_ && now() < failed + kPauseAfterFailure && !lies_ahead(failed, now())) ||
        failed_.contains(target))
      return false;
    try {
      work();
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      failed_.insert(target);
      job_marks.mark_done(kFailedAt + target, now());
      throw;
    }
  }

  /// Settles an interrupted backup or copy. If its manifest exists, it had completed, even if the
  /// catalog that recorded it is lost; otherwise the files that it noted are removed. Returns false
  /// if that was postponed.
  bool settle_attempt(const RunRecord& dead) {
    if (dead.backup.empty() || (dead.verb != kCreateVerb && dead.verb != kPushVerb)) return true;
    const std::string target = dead.target.empty() ? kLocalTarget : dead.target;
    const auto backup = state_.catalog.open().find(dead.source.type, dead.backup);
    if (!is_unsettled(backup, target)) return true;
    // Another attempt may be writing files of the same names now.
    if (backup && is_being_copied(state_.paths, *backup, target)) return false;
    Written written(notes_of(state_.paths, dead));
    bool is_done = false;
    const auto settle = [&] {
      Store& store = state_.targets.open(target, dead.host);
      const std::string key = manifest_key(dead.source, dead.backup);
      is_done = written.contains(key) && find_existing(store, key);
      if (!is_done) return written.undo(store);
      record_success(state_.catalog, state_.events, backup,
                     load_manifest(store, dead.source, dead.backup), target, dead.host);
    };
    const bool is_there =
        !written.empty() && !is_out_of_reach(state_.settings, state_.identity, target, dead.host);
    if (is_there && !at(target, settle)) return false;
    if (backup && !is_done) fail_attempt(state_.catalog.open(), state_.events, *backup, target);
    return true;
  }

  /// Reports first that live data may be incomplete, which is the most urgent. Then ends what the
  /// hooks left running, removes the staging area of a restore, and settles a backup or copy. How
  /// far that came is recorded in the run, which is removed once nothing is left to do. The run of
  /// a restore that left incomplete data remains as a mark, see forget_replacements().
  void recover_run(const RunRecord& dead) {
    if (dead.replacing) report_replacement(state_.events, dead);
    if (!dead.swept && !is_copy(dead)) sweep_hooks(state_.hooks, state_.paths, dead);
    RunRecord rest = dead;
    if (!dead.place.empty() && abandon_restore(state_.hooks, state_.paths, dead))
      rest.replacing = true;
    if (settle_attempt(dead) && !rest.replacing) return remove_run(state_.paths, dead);
    rest.swept = true;
    rest.place.clear();
    if (!dead.swept || !dead.place.empty()) rewrite_run(state_.paths, rest);
    if (rest.replacing == dead.replacing) return;
    log::warn(unfinished_replacement(rest));
    report_replacement(state_.events, rest);
  }

  /// For a copy in progress whose run is lost, so that the names of its files are unknown.
  void recover_copy(const Backup& backup, const Copy& copy) {
    if (is_being_copied(state_.paths, backup, copy.target)) return;
    bool is_done = false;
    const auto settle = [&] {
      Store& store = state_.targets.open(copy.target, copy.host);
      is_done = find_existing(store, manifest_key(backup.source, backup.id)).has_value();
      if (!is_done) return;
      record_success(state_.catalog, state_.events, backup,
                     load_manifest(store, backup.source, backup.id), copy.target, copy.host);
    };
    if (!is_out_of_reach(state_.settings, state_.identity, copy.target, copy.host) &&
        !at(copy.target, settle))
      return;
    if (!is_done) fail_attempt(state_.catalog.open(), state_.events, backup, copy.target);
  }

  void recover_backup(const Backup& backup) {
    std::vector<Copy> unfinished;
    for (const auto& copy : backup.copies)
      if (copy.status == CopyStatus::kInProgress) unfinished.push_back(copy);
    if (unfinished.empty() && backup.status == BackupStatus::kInProgress)
      unfinished.push_back({kLocalTarget, CopyStatus::kInProgress, "", {}});
    for (const auto& copy : unfinished) recover_copy(backup, copy);
  }

  State& state_;
  const Remover remover_;
  const Reach reach_;
  const bool spares_;
  std::set<std::string> failed_;  // targets
  std::set<std::string> logged_;  // errors that were reported
};

/// The sources with interrupted operations, by their texts.
std::map<std::string, Source> unsound_sources(const Paths& paths, Catalog& catalog) {
  std::map<std::string, Source> sources;
  for (const auto& dead : list_runs(paths, false)) {
    if (dead.source.type.empty()) {
      remove_run(paths, dead);
    } else {
      sources.emplace(dead.source.text(), dead.source);
    }
  }
  for (const auto& backups :
       {catalog.in_progress(), catalog.unfinished_copies(), catalog.unfinished_deletions()})
    for (const auto& backup : backups) sources.emplace(backup.source.text(), backup.source);
  return sources;
}

/// Repeats the work if the catalog was found damaged: opening it again rebuilds it.
template <typename Work>
void on_sound_catalog(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    work();
  }
}

}  // namespace

Lock lock_source(State& state, const Source& source, const std::string& purpose, Reach reach) {
  Lock lock = state.locks.acquire(source, purpose);
  recover_source(state, source, reach);
  return lock;
}

RestoreLocks lock_for_restore(State& state, const RestoreRequest& request) {
  RestoreLocks locks{lock_source(state, request.target, "restore"), std::nullopt};
  if (request.target.text() != request.backup.source.text())
    locks.source = lock_source(state, request.backup.source, "restore");
  return locks;
}

void recover_source(State& state, const Source& source, Reach reach) {
  // Without disk space the result could not be recorded.
  if (!has_disk_space(state.paths.root, kSpaceToRecord)) return;
  std::optional<Targets::ShortTimeouts> short_timeouts;
  if (reach == Reach::kEverywhere) short_timeouts.emplace(state.targets);
  on_sound_catalog([&] { Recovery(state, reach, false).recover(source); });
}

void recover(State& state, Reach reach) {
  if (reach == Reach::kHere) warn_of_replacements(state.paths);
  const Targets::ShortTimeouts short_timeouts(state.targets);
  on_sound_catalog([&] {
    const auto sources = unsound_sources(state.paths, state.catalog.open());
    std::set<std::string> unsound;
    for (const auto& [text, source] : sources) unsound.insert(text);
    state.events.publish(ProblemsLeft{AlertKind::kCleanup, unsound, "nothing is left to clean up"});
    Recovery recovery(state, reach, true);
    for (const auto& [text, source] : sources)
      if (const auto lock = state.locks.try_acquire(source, "cleaning up"))
        recovery.recover(source);
  });
}

bool sees_all(const Source& /*source*/) { return true; }

// One warning for each source, by its newest run, since the next restore settles them all.
void warn_of_replacements(const Paths& paths, const Sees& sees) {
  std::map<std::string, RunRecord> last;
  for (auto& dead : list_runs(paths, false))
    if (dead.replacing) last.insert_or_assign(dead.source.text(), std::move(dead));
  for (const auto& [source, dead] : last)
    if (sees(dead.source)) log::warn(unfinished_replacement(dead));
}

}  // namespace backups
