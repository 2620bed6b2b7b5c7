#pragma once

#include <functional>
#include <string>

#include "host/state.hpp"

namespace backups {

/// Removes the files of a backup and keeps its row: first the row says so, then the manifest goes,
/// then the artifacts, so that a crash in between leaves nothing that looks complete. Only files
/// that the backup is known to have are touched. A copy that is not there, and one that is not ours
/// to remove, is not recorded as deleted, and that is said. Whoever calls holds the lock of the
/// source. Throws Error; before anything is changed, kRefused when an object lock keeps a copy, the
/// backup is pinned, or a copy lies below a name that another machine may use, and kBusy while
/// another process copies it.
void remove_backup(State& state, const Backup& backup);

/// Removes one copy of it, and the backup with its last one. Throws Error as remove_backup().
void remove_copy(State& state, const Backup& backup, const std::string& target);

/// Does its work at a target, or puts it off: false then.
using AtTarget = std::function<bool(const std::string& target, const std::function<void()>& work)>;

/// Completes what remove_backup() or remove_copy() had begun when their process died, as far as
/// `at` does it now.
void finish_removal(State& state, const Backup& backup, const AtTarget& at);

/// Throws Error, kRefused, for what is pinned, or may be: pins that can't be read hold everything.
void require_no_pin(const State& state, const Backup& backup);

/// True when it is the last success of its source that is not deleted and no safety backup.
bool is_last_good(State& state, const Backup& backup);

}  // namespace backups
