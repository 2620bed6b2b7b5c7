#pragma once

#include <string>

#include "engine/state.hpp"

namespace backups {

/// Removes the files of a backup and keeps its row: first the row says so, then the manifest goes,
/// then the artifacts, so that a crash in between leaves nothing that looks whole. Whoever calls
/// holds the lock of the source. Throws Error; kRefused, before anything is changed, when an object
/// lock keeps a copy.
void remove_backup(State& state, const Backup& backup);

/// Removes one copy of it. Throws Error as remove_backup().
void remove_copy(State& state, const Backup& backup, const std::string& target);

/// True when it is the last success of its source that is not deleted and no safety backup.
bool is_last_good(State& state, const Backup& backup);

}  // namespace backups
