#pragma once

#include <functional>
#include <string>

#include "host/state.hpp"
#include "model/source.hpp"
#include "restore/restore.hpp"

namespace backups {

/// What clean-up covers.
enum class Reach {
  kHere,        ///< this host only, since a command waits to begin
  kEverywhere,  ///< off-site too, with one short attempt for each target
};

/// Acquires the lock of a source for a command that changes it, and first finishes or undoes the
/// backups, restores and deletions of that source that were interrupted. This is cheap if there are
/// none. If something cannot be cleaned up now (the service is stopped, say), that is reported and
/// tried again next time. Throws Error, kBusy or kCancelled.
Lock lock_source(State& state, const Source& source, const std::string& purpose,
                 Reach reach = Reach::kHere);

/// Like lock_source(), for both sources of a restore.
RestoreLocks lock_for_restore(State& state, const RestoreRequest& request);

/// Cleans up after the interrupted operations of one source. The caller holds its lock. Throws
/// Error as lock_source() does.
void recover_source(State& state, const Source& source, Reach reach);

/// Cleans up for every source that is not busy. The tick does this on this host before its backups,
/// and everywhere after them. A target that fails is not tried again for a quarter of an hour.
/// Throws Error, kCancelled.
void recover(State& state, Reach reach);

/// Whether the caller may see a source.
using Sees = std::function<bool(const Source&)>;
bool sees_all(const Source& source);

/// Warns of restores that were interrupted while they replaced live data. Every command does, until
/// a restore into that source succeeds.
void warn_of_replacements(const Paths& paths, const Sees& sees = sees_all);

}  // namespace backups
