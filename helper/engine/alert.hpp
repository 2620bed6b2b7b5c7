#pragma once

#include <set>
#include <string>

#include "engine/create.hpp"
#include "engine/state.hpp"
#include "model/alert.hpp"

namespace backups {

// Nothing here throws, waits for a network or makes a backup fail: what goes wrong is a warning.
// What is to be told goes into the outbox, and a process in the background delivers it.

/// Something is wrong: tells it, unless it was told lately (`notify-every`) or nobody wants to hear
/// of that kind (`notify-on`). True where it was not known yet.
bool raise_alert(State& state, Alert alert);

/// What raise_alert() was told with the same kind and subject is well again: tells that as a
/// recovery, where the trouble was told. Costs one look where there was none.
void clear_alert(State& state, Alert alert);

/// clear_alert() for each trouble of that kind that is known and of another subject than `still`.
void clear_others(State& state, AlertKind kind, const std::set<std::string>& still,
                  const std::string& message);

/// Tells the dead man's switch kStart, kSuccess or kFailure, and why.
void ping(State& state, AlertKind kind, const std::string& message);

/// Tells what came of a backup, and of its first copy.
void tell_outcome(State& state, const CreateRequest& request, const Manifest& manifest);
void tell_outcome(State& state, const CreateRequest& request, const Error& error);

/// Tells that a backup has a copy on a target now or, with an error, that making it failed.
void tell_copy(State& state, const Source& source, const std::string& id, const std::string& target,
               const Error* error);

}  // namespace backups
