#include "restore/rollback.hpp"

#include "base/command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "hook/description.hpp"
#include "hook/hook.hpp"
#include "model/backup_id.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// The command that restores a backup of that type into `target`. An id contains the name of its
/// source, so that --into is needed only for another one.
std::string restore_command(const Source& target, const std::string& id) {
  const auto parts = parse_id(id);
  const bool own = parts && parts->name == target.name;
  return command("restore") + " " + target.type + ":" + id +
         (own ? "" : " --into " + shell_quote(target.spelling()));
}

/// What to do after a restore that ended while it was replacing the data.
std::string recovery_advice(const RunRecord& run) {
  return run.safety.empty()
             ? "No safety backup had been taken. Restore a backup: " + command("list") + " " +
                   run.source.spelling() + " shows them"
             : "To return to the previous data: " + restore_command(run.source, run.safety);
}

/// The state of the source for an error message. If it cannot be described, the message must still
/// contain the error that came before.
std::string state_of(const Hooks& installed, const Run& run, HookLog& log, const Source& target,
                     const HookSet& hooks) {
  try {
    const Description found = describe(installed, run, log, target, hooks);
    return target.spelling() + " " + state_words(found);
  } catch (const Error& error) {
    return "the state of " + target.spelling() + " is unknown (" + error.what() + ")";
  }
}

/// A failed import may have stopped the server. The safety backup needs it, and so do the apps,
/// even if the rollback fails.
void start(const Hooks& installed, const Run& run, HookLog& log, const Source& target,
           const HookSet& hooks) {
  if (!has_hook(installed, hooks, "start")) return;
  try {
    query_hook(installed, run, log, hooks, "start", {target.address});
  } catch (const Error& error) {
    log::warn(target.spelling() + " could not be started: " + error.what());
  }
}

/// Loads the safety backup. It was made by the hooks of the type, which need not be those of the
/// restore.
void load_safety(const Hooks& installed, const Paths& paths, Store& local, Run& run, HookLog& log,
                 const Source& target, const HookSet& hooks, RestoreMethod method,
                 const Manifest& safety, const Progress& progress) {
  const HookSet own = hooks_for(installed, target.type, safety.kinds());
  if (own.directory == hooks.directory)
    return Loader(installed, paths, run, log, target, hooks, method).load(safety, local, progress);
  run.set_hooks(own.directory);
  method = describe(installed, run, log, target, own).beside ? RestoreMethod::kSwap
                                                             : RestoreMethod::kReplace;
  Loader(installed, paths, run, log, target, own, method).load(safety, local, progress);
}

}  // namespace

Error roll_back(const Hooks& installed, const Paths& paths, Store& local, Run& run, HookLog& log,
                const Source& target, const HookSet& hooks, RestoreMethod method,
                const std::optional<Manifest>& safety, const Error& cause,
                const Progress& progress) {
  const interrupt::Shield shield(1, safety ? "The safety backup is being restored. Stopped once "
                                             "more, it leaves the data incomplete"
                                           : "");
  const std::string why = std::string(cause.what()) + ". ";
  log.note("failed while replacing the live data: " + std::string(cause.what()));
  start(installed, run, log, target, hooks);
  if (!safety) {
    run.keep();
    return Error(cause.kind(), why + "The data of " + target.spelling() + " may be incomplete; " +
                                   state_of(installed, run, log, target, hooks) + ". " +
                                   recovery_advice(run.record()));
  }
  log::step("The restore failed: restoring the safety backup " + safety->id);
  try {
    load_safety(installed, paths, local, run, log, target, hooks, method, *safety, progress);
    start(installed, run, log, target, hooks);
    run.set_replacing(false);
    log.note("the safety backup " + safety->id + " was restored");
    return Error(cause.kind(), why + "The previous data was restored from the safety backup " +
                                   safety->id + "; " +
                                   state_of(installed, run, log, target, hooks));
  } catch (const std::exception& error) {
    const interrupt::Shield last_steps;
    run.keep();
    start(installed, run, log, target, hooks);
    log.note("the safety backup could not be restored: " + std::string(error.what()));
    return Error(cause.kind(),
                 why + "The safety backup " + safety->id + " could not be restored either: " +
                     error.what() + ". The data of " + target.spelling() +
                     " is incomplete or missing; " + state_of(installed, run, log, target, hooks) +
                     ". When the cause is fixed: " + restore_command(target, run.record().safety));
  }
}

std::string unfinished_replacement(const RunRecord& dead) {
  if (dead.late)
    return "The restore of " + dead.backup + " into " + dead.source.spelling() +
           " put the data in place, but ended before its last part was restored (extensions that "
           "depend on the name of their database, such as pg_cron, and objects that use them). To "
           "complete it, restore it again: " +
           restore_command(dead.source, dead.backup) +
           (dead.safety.empty()
                ? ""
                : ". To return to the previous data: " + restore_command(dead.source, dead.safety));
  return "The restore of " + dead.backup + " into " + dead.source.spelling() +
         " ended while it was replacing the data, which may be incomplete or missing. " +
         recovery_advice(dead) + ". If the data is complete: " + command("accept") + " " +
         dead.source.spelling();
}

void forget_replacements(const Paths& paths, const Source& target) {
  for (const auto& dead : list_runs(paths, false))
    if (dead.replacing && dead.source == target) remove_run(paths, dead);
}

}  // namespace backups
