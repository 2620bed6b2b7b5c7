#include "engine/recover.hpp"

#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/mute.hpp"
#include "base/text.hpp"
#include "engine/alert.hpp"
#include "engine/artifact.hpp"
#include "engine/copy.hpp"
#include "engine/hook.hpp"
#include "engine/host.hpp"
#include "engine/remove.hpp"
#include "engine/rollback.hpp"
#include "engine/written.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

std::string manifest_key(const Source& source, const std::string& id) {
  return key_of(source, manifest_file(id));
}

/// True where nothing can or may be cleaned up: the target was removed, or what lies there is
/// perhaps another machine's.
bool is_out_of_reach(State& state, const std::string& target, const std::string& host) {
  if (target == kLocalTarget) return false;
  return !state.settings().targets.contains(target) ||
         (!host.empty() && !host_identity(state).owns(host));
}

/// Nothing of it remains, or nothing that we may touch.
void fail_attempt(State& state, const Backup& backup, const std::string& target) {
  state.catalog().mark_copy(backup, {target, "failed", kInterrupted, {}});
  if (backup.status != "in-progress") {
    log::step("The copy of " + backup.id + " to " + target +
              " was interrupted: its leftovers are removed");
    return;
  }
  state.catalog().fail(backup, kInterrupted, now());
  raise_alert(state, {.kind = AlertKind::kFailure,
                      .source = backup.source.text(),
                      .backup = backup.id,
                      .message = kInterrupted});
  log::step("Backup " + backup.id + " was interrupted: it failed, and its leftovers are removed");
}

void settle_as_done(State& state, const std::optional<Backup>& backup, const Manifest& manifest,
                    const std::string& target, const std::string& host) {
  if (!backup) return state.adopt(state.catalog(), manifest, target, host);
  state.catalog().succeed(*backup, manifest, target, host);
  if (backup->status == "in-progress")
    log::step("Backup " + backup->id + " was whole when its process died: it counts");
}

bool is_unsettled(const std::optional<Backup>& backup, const std::string& target) {
  if (!backup || backup->status == "in-progress") return true;
  const Copy* copy = backup->copy_on(target);
  return copy != nullptr && (copy->status == "in-progress" || copy->status == "failed");
}

/// An attempt at a backup, or at a copy of one: with its manifest it is done, even where the
/// catalog that knew of it is lost; without, what it noted to have written goes.
void settle_attempt(State& state, const RunRecord& dead) {
  if (dead.backup.empty() || (dead.verb != "create" && dead.verb != "push")) return;
  const std::string target = dead.target.empty() ? kLocalTarget : dead.target;
  const auto backup = state.catalog().find(dead.source.type, dead.backup);
  if (!is_unsettled(backup, target)) return;
  if (!is_out_of_reach(state, target, dead.host)) {
    Store& store = state.store(target, dead.host);
    Written written(notes_of(state, dead));
    const std::string key = manifest_key(dead.source, dead.backup);
    if (written.contains(key) && look_at(store, key))
      return settle_as_done(state, backup, load_manifest(store, dead.source, dead.backup), target,
                            dead.host);
    written.undo(store);
  }
  if (backup) fail_attempt(state, *backup, target);
}

/// Of a backup in progress without a run: nobody knows what it has written.
void recover_copy(State& state, const Backup& backup, const Copy& copy) {
  if (!is_out_of_reach(state, copy.target, copy.host)) {
    Store& store = state.store(copy.target, copy.host);
    if (look_at(store, manifest_key(backup.source, backup.id)))
      return settle_as_done(state, backup, load_manifest(store, backup.source, backup.id),
                            copy.target, copy.host);
  }
  fail_attempt(state, backup, copy.target);
}

void recover_backup(State& state, const Backup& backup) {
  std::vector<Copy> unfinished;
  for (const auto& copy : backup.copies)
    if (copy.status == "in-progress") unfinished.push_back(copy);
  if (unfinished.empty() && backup.status == "in-progress")
    unfinished.push_back({kLocalTarget, "in-progress", "", {}});
  for (const auto& copy : unfinished) recover_copy(state, backup, copy);
}

/// True where the restored data are in place, but not all that belongs to them.
bool abandon_restore(State& state, const RunRecord& dead) {
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
  // Of one that replaced the live data, report_replacement() says what is known.
  if (!dead.replacing) log::step("The restore of " + dead.source.spelling() + " " + half);
  return dead.late && !found.ends_with("unchanged");
}

/// Said by every command, and alerted, until a restore into that source succeeds.
void report_replacement(State& state, const RunRecord& dead) {
  const std::string what = unfinished_replacement(dead);
  log::warn(what);
  raise_alert(state, {.kind = AlertKind::kRestore,
                      .source = dead.source.text(),
                      .backup = dead.backup,
                      .message = what,
                      .code = static_cast<int>(ErrorKind::kFailed)});
}

void recover_run(State& state, const RunRecord& dead) {
  const auto lock = state.try_lock(dead.source, "cleaning up");
  if (!lock) return;
  if (dead.replacing) report_replacement(state, dead);
  sweep_hooks(state, dead);
  RunRecord settled = dead;
  if (!dead.place.empty() && abandon_restore(state, dead)) settled.replacing = true;
  settle_attempt(state, dead);
  if (settled.replacing) {
    settled.place.clear();
    if (!dead.place.empty()) rewrite_run(state, settled);
    if (!dead.replacing) report_replacement(state, settled);
  } else {
    remove_run(state, dead);
  }
}

/// Each problem is said once: a target that is out of reach is that for all its copies. Of what the
/// caller may not see, nothing is said.
class Attempts {
 public:
  explicit Attempts(const Sees& sees) : sees_(sees) {}

  template <typename Work>
  void operator()(const Source& source, const std::string& what, const Work& work) {
    const bool seen = sees_(source);
    const log::Mute mute(!seen);
    try {
      work();
    } catch (const Error& error) {
      if (seen && said_.insert(error.what()).second)
        log::warn("Cannot clean up after " + what + ": " + error.what() +
                  ". The next command tries again");
    }
  }

 private:
  const Sees& sees_;
  std::set<std::string> said_;
};

void recover_all(State& state, const Sees& sees) {
  const State::Haste haste(state);
  Attempts attempt(sees);
  for (const auto& dead : list_runs(state, false)) {
    if (dead.source.type.empty()) {
      remove_run(state, dead);
      continue;
    }
    attempt(dead.source, dead.id, [&] { recover_run(state, dead); });
  }
  // As it is under the lock: its process may have ended well since the row was read.
  const auto each = [&](const std::vector<Backup>& found, const auto& work) {
    for (const auto& backup : found) {
      attempt(backup.source, backup.id, [&] {
        const auto lock = state.try_lock(backup.source, "cleaning up");
        if (!lock) return;
        if (const auto current = state.catalog().find(backup.source.type, backup.id))
          work(state, *current);
      });
    }
  };
  each(state.catalog().in_progress(), recover_backup);
  each(state.catalog().half_copied(), recover_backup);
  each(state.catalog().half_deleted(), finish_removal);
}

}  // namespace

bool sees_all(const Source& /*source*/) { return true; }

void recover(State& state, const Sees& sees) {
  try {
    recover_all(state, sees);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    recover_all(state, sees);  // on a catalog that was rebuilt
  }
}

void warn_of_replacements(const State& state, const Sees& sees) {
  for (const auto& dead : list_runs(state, false))
    if (dead.replacing && sees(dead.source)) log::warn(unfinished_replacement(dead));
}

}  // namespace backups
