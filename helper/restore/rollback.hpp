#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "restore/loader.hpp"

namespace backups {

/// Restores the safety backup after a load() that had begun to replace the live data of `target`
/// failed with `cause`. Starts the service if its hooks can, loads the safety backup from `local`
/// by the same method, or by that of other hooks if only those take its kinds, and describes the
/// result. The first request to stop is only noted.
///
/// Returns the error to end with: the cause, the state of the source, and the next command. If the
/// live data could not be restored, or there is no safety backup, the run is kept with
/// RunRecord::replacing set, so that every later command warns. Does not throw for failures of the
/// rollback.
Error roll_back(const Hooks& installed, const Paths& paths, Store& local, Run& run, HookLog& log,
                const Source& target, const HookSet& hooks, RestoreMethod method,
                const std::optional<Manifest>& safety, const Error& cause,
                const Progress& progress);

/// Describes what a dead run that was replacing live data has left, and the command that repairs
/// it.
std::string unfinished_replacement(const RunRecord& dead);

/// Removes the dead runs that had left `target` with incomplete data, because a later restore has
/// succeeded. This ends the warnings about them.
void forget_replacements(const Paths& paths, const Source& target);

}  // namespace backups
