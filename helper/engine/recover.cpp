#include "engine/recover.hpp"

#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/alert.hpp"
#include "engine/artifact.hpp"
#include "engine/copy.hpp"
#include "engine/hook.hpp"
#include "engine/remove.hpp"
#include "engine/rollback.hpp"
#include "engine/writer.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

bool is_committed(Store& store, const Source& source, const std::string& id) {
  NullSink nowhere;
  return store.get(key_of(source, manifest_file(id)), nowhere);
}

/// Where it was being made.
std::string unfinished_target(const Backup& backup) {
  for (const auto& copy : backup.copies)
    if (copy.status == "in-progress") return copy.target;
  return kLocalTarget;
}

void recover_backup(State& state, const Backup& backup) {
  const std::string target = unfinished_target(backup);
  Store& store = state.store(target);
  if (is_committed(store, backup.source, backup.id)) {
    state.catalog().succeed(backup, load_manifest(store, backup.source, backup.id), target);
    log::step("Backup " + backup.id + " was whole when its process died: it counts");
    return;
  }
  discard_files(store, backup.source, backup.id);
  state.catalog().mark_copy(backup, {target, "failed", kInterrupted, {}});
  state.catalog().fail(backup, kInterrupted, now());
  raise_alert(state, {.kind = AlertKind::kFailure,
                      .source = backup.source.text(),
                      .backup = backup.id,
                      .message = kInterrupted});
  log::step("Backup " + backup.id + " was interrupted: it failed, and its leftovers are removed");
}

/// Copies of a backup that is there, whose process died.
void recover_copies(State& state, const Backup& backup) {
  for (const auto& copy : backup.copies) {
    if (copy.status != "in-progress") continue;
    if (is_committed(store_of(state, backup, copy.target), backup.source, backup.id)) {
      state.catalog().mark_copy(backup, {copy.target, "success", "", backup.stored_size});
    } else {
      discard_files(store_of(state, backup, copy.target), backup.source, backup.id);
      state.catalog().mark_copy(backup, {copy.target, "failed", kInterrupted, {}});
      log::step("The copy of " + backup.id + " to " + copy.target +
                " was interrupted: its leftovers are removed");
    }
  }
}

void abandon_restore(State& state, const RunRecord& dead) {
  const interrupt::Shield shield;
  const Run run(state, "abandon", dead.source);
  HookLog log{{}};
  const std::string found =
      trim(query_hook(state, run, log, dead.source.type, "abandon",
                      {dead.source.address, dead.place}, {}, kEndlessPatience));
  const std::string half =
      found.ends_with("restored") ? "had put the restored data in place before it was interrupted"
      : found.ends_with("unchanged")
          ? "was interrupted: the data is unchanged"
          : "was interrupted: the data is unchanged, or restored if that was at its very end";
  // Of one that replaced the live data, recover_run() says what is known.
  if (!dead.replacing) log::step("The restore of " + dead.source.spelling() + " " + half);
}

/// Of an attempt that could not remove its files, or that the catalog does not know, since it was
/// lost: a manifest makes a backup even then.
void settle_attempt(State& state, const RunRecord& dead) {
  if (dead.backup.empty() || dead.verb != "create") return;
  const auto backup = state.catalog().find(dead.source.type, dead.backup);
  if (!backup && is_committed(state.local(), dead.source, dead.backup)) {
    state.adopt(state.catalog(), load_manifest(state.local(), dead.source, dead.backup),
                kLocalTarget);
  } else if (!backup || backup->status == "failed") {
    const std::string target = backup ? unfinished_target(*backup) : kLocalTarget;
    discard_files(state.store(target), dead.source, dead.backup);
    if (backup) state.catalog().mark_copy(*backup, {target, "failed", "", {}});
  }
}

void recover_run(State& state, const RunRecord& dead) {
  const auto lock = state.try_lock(dead.source, "cleaning up");
  if (!lock) return;
  sweep_hooks(state, dead);
  if (!dead.place.empty()) abandon_restore(state, dead);
  settle_attempt(state, dead);
  if (dead.replacing) {
    RunRecord settled = dead;
    settled.place.clear();
    if (!dead.place.empty()) rewrite_run(state, settled);
    log::warn(unfinished_replacement(dead));
  } else {
    remove_run(state, dead);
  }
}

/// Each problem is said once: a target that is out of reach is that for all its copies.
class Attempts {
 public:
  template <typename Work>
  void operator()(const std::string& what, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      if (said_.insert(error.what()).second)
        log::warn("Cannot clean up after " + what + ": " + error.what() +
                  ". The next command tries again");
    }
  }

 private:
  std::set<std::string> said_;
};

void recover_all(State& state) {
  const State::Haste haste(state);
  Attempts attempt;
  for (const auto& dead : list_runs(state, false)) {
    if (dead.source.type.empty()) {
      remove_run(state, dead);
      continue;
    }
    attempt(dead.id, [&] { recover_run(state, dead); });
  }
  for (const auto& backup : state.catalog().in_progress()) {
    attempt(backup.id, [&] {
      if (const auto lock = state.try_lock(backup.source, "cleaning up")) {
        // Its process may have ended well since we read the row.
        const auto current = state.catalog().find(backup.source.type, backup.id);
        if (current && current->status == "in-progress") recover_backup(state, backup);
      }
    });
  }
  for (const auto& backup : state.catalog().half_copied()) {
    attempt(backup.id, [&] {
      if (const auto lock = state.try_lock(backup.source, "cleaning up"))
        recover_copies(state, backup);
    });
  }
  for (const auto& backup : state.catalog().half_deleted()) {
    attempt(backup.id, [&] {
      if (const auto lock = state.try_lock(backup.source, "cleaning up"))
        remove_backup(state, backup);
    });
  }
}

}  // namespace

void recover(State& state) {
  try {
    recover_all(state);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    recover_all(state);  // on a catalog that was rebuilt
  }
}

}  // namespace backups
