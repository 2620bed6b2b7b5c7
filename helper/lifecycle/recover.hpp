#pragma once

#include <functional>
#include <string>

#include "host/state.hpp"
#include "model/source.hpp"
#include "restore/restore.hpp"

namespace backups {

/// How far clean-up goes.
enum class Reach {
  kHere,        ///< this host, for whoever waits to begin
  kEverywhere,  ///< off-site too, with one try of seconds for each target
};

/// The lock of a source, for a command that changes it: finishes or undoes first what processes
/// that died left of that source, backups in progress, restores half done, deletions half done. It
/// costs nothing where there is nothing, and can be interrupted: Error, kCancelled. What cannot be
/// cleaned up now (a stopped service) is said, and left for the next time. Throws Error, kBusy.
Lock lock_source(State& state, const Source& source, const std::string& purpose,
                 Reach reach = Reach::kHere);

/// The same for both sources of a restore.
RestoreLocks lock_for_restore(State& state, const RestoreRequest& request);

/// The same for whoever holds that lock.
void recover_source(State& state, const Source& source, Reach reach);

/// The same of every source that nobody is at: what the tick does, on this host before its backups
/// and everywhere after them. A target that fails is left alone for a quarter of an hour. Throws
/// Error, kCancelled.
void recover(State& state, Reach reach);

/// Whether whoever called may be told of a source.
using Sees = std::function<bool(const Source&)>;
bool sees_all(const Source& source);

/// Says which restores ended while they replaced live data, as every command does until one
/// succeeds there.
void warn_of_replacements(const State& state, const Sees& sees = sees_all);

}  // namespace backups
