#pragma once

#include "engine/state.hpp"

namespace backups {

/// Finishes or undoes what processes that died left behind: backups in progress, restores half
/// done, deletions half done. Every command calls it first; it costs nothing where there is
/// nothing. What cannot be cleaned up now (a stopped service, a target that does not answer within
/// seconds) is said, and left for the next command.
void recover(State& state);

}  // namespace backups
