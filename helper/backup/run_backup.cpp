#include "backup/run_backup.hpp"

#include <optional>
#include <utility>
#include <vector>

#include "backup/suspect.hpp"
#include "base/command.hpp"
#include "base/text.hpp"
#include "copies/copying.hpp"
#include "hook/hook_log.hpp"

namespace backups {
namespace {

/// A target that does not exist fails its own copy and nothing else. The row of the copy has the
/// reason, and the tick makes the copy once the target exists.
void require_copy_target(const SettingsFile& settings_file, Catalog& catalog, const Backup& backup,
                         const std::string& target) {
  if (target == kLocalTarget || settings_file.read().targets.contains(target)) return;
  const std::string why =
      "the copy to " + printable(target) + " failed: unknown target. Add it with " +
      command("target-add") + ", or choose other targets with " + command("set") + " " +
      backup.source.spelling() + " targets (see " + command("target-list") + ")";
  catalog.mark_copy(backup, {target, CopyStatus::kFailed, why, {}});
  throw Error(ErrorKind::kNotFound, why);
}

Pushed copy_and_publish(State& state, const Backup& backup, const std::string& target,
                        const Progress& progress) {
  HookLog log(state.paths.log_file(backup.source, backup.id));
  try {
    require_copy_target(state.settings, state.catalog.open(), backup, target);
    const Pushed pushed = push_backup(state.paths, state.targets, state.catalog, state.events,
                                      backup, target, progress);
    log.note("copied to " + target);
    state.events.publish(CopyEnded{backup.source, backup.id, target, std::nullopt});
    return pushed;
  } catch (const Error& error) {
    log.note("failed: " + std::string(error.what()));
    state.events.publish(CopyEnded{backup.source, backup.id, target, error});
    throw;
  }
}

/// Does not throw Error: whatever stops the copies, even before they begin, the caller must be able
/// to report that the backup itself was made. After a request to stop, the remaining copies fail
/// too.
void copy_to_others(State& state, Lock lock, Created& created,
                    const std::vector<std::string>& targets, const Progress& progress) {
  std::optional<Error> ended;
  std::optional<Backup> backup;
  std::optional<Copying> copying;
  try {
    backup = state.catalog.open().find(created.manifest.source.type, created.manifest.id);
    if (!backup) throw Error(ErrorKind::kNotFound, created.manifest.id + " was deleted meanwhile");
    copying.emplace(state.paths, std::move(lock), *backup, "");
  } catch (const Error& error) {
    ended = error;
  }
  for (const auto& target : targets) {
    try {
      if (ended) throw *ended;
      copy_and_publish(state, *backup, target, progress);
    } catch (const Error& error) {
      created.failed_copies.emplace(target, error);
      if (error.kind() == ErrorKind::kCancelled) ended = error;
    }
  }
}

}  // namespace

Manifest run_first_copy(State& state, const CreateRequest& request, const Progress& progress) {
  try {
    const std::string target = first_target(state.settings.read(), request.targets);
    Manifest manifest = create_backup(state, request, progress);
    state.events.publish(BackupMade{manifest, target, suspicion_text(state.catalog, manifest),
                                    is_comparable(manifest)});
    return manifest;
  } catch (const Error& error) {
    state.events.publish(BackupFailed{request.source, request.trigger, "", error});
    throw;
  }
}

Created run_backup(State& state, Lock lock, const CreateRequest& request,
                   const Progress& progress) {
  std::vector<std::string> targets = request.targets;
  // The exporter writes to the first target. The others get copies of the finished files, so that
  // the source is exported once and a slow target does not hold up its transaction.
  std::erase(targets, first_target(state.settings.read(), targets));
  Created created{run_first_copy(state, request, progress), {}};
  if (!targets.empty()) copy_to_others(state, std::move(lock), created, targets, progress);
  return created;
}

Pushed run_copy(State& state, Lock lock, const Backup& backup, const std::string& target,
                const Progress& progress) {
  const Copying copying(state.paths, std::move(lock), backup, target);
  return copy_and_publish(state, backup, target, progress);
}

}  // namespace backups
