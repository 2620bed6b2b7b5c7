#pragma once

#include <functional>

#include "engine/state.hpp"
#include "model/source.hpp"

namespace backups {

/// Whether whoever called may be told of a source.
using Sees = std::function<bool(const Source&)>;
bool sees_all(const Source& source);

/// Finishes or undoes what processes that died left behind: backups in progress, restores half
/// done, deletions half done. Every command that does more than look calls it first; it costs
/// nothing where there is nothing. What cannot be cleaned up now (a stopped service, a target that
/// does not answer within seconds) is said, and left for the next command.
void recover(State& state, const Sees& sees = sees_all);

/// For commands that only look: says which restores ended while they replaced live data.
void warn_of_replacements(const State& state, const Sees& sees = sees_all);

}  // namespace backups
