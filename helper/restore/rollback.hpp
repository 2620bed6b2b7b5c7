#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "restore/loader.hpp"

namespace backups {

/// Puts the safety backup back after a load() failed with `cause` that had begun to replace the
/// live data of `target`: starts the service where its hooks know how, loads the safety backup,
/// from `local`, the same way, or as other hooks do where only those take it, and looks at what is
/// there then. Takes no notice of a request to stop.
///
/// Returns the error to end with: the cause, then in which state the source is, then the next
/// command. Where the live data could not be put back, or there is no safety backup, the run is
/// kept, with RunRecord::replacing set, so that every later command finds it.
Error roll_back(const Hooks& installed, const Paths& paths, Store& local, Run& run, HookLog& log,
                const Source& target, const HookSet& hooks, Way way,
                const std::optional<Manifest>& safety, const Error& cause,
                const Progress& progress);

/// What a dead run that was replacing live data has left, in a sentence with the way out.
std::string unfinished_replacement(const RunRecord& dead);

/// A later restore has put whole data into `target`: removes the dead runs that had left it
/// without. Their commands stop being warned about.
void forget_replacements(const Paths& paths, const Source& target);

}  // namespace backups
