#pragma once

#include <functional>
#include <set>
#include <string>

#include "host/state.hpp"
#include "model/alert.hpp"

namespace backups {

// Nothing here throws, waits for a network or makes a backup fail: what goes wrong is a warning.
// What is to be told goes into the outbox, and a process in the background delivers it.

/// Does what ends in something to be told, and has it delivered.
void tell_quietly(State& state, const std::function<void()>& work);

/// Something is wrong: tells it, unless it was told lately (`notify-every`) or nobody wants to hear
/// of that kind (`notify-on`). True where it was not known yet.
bool raise_alert(State& state, Alert alert);

/// From now on what `state` publishes is raised, or cleared.
void subscribe_alerts(State& state);

/// What raise_alert() was told with the same kind and subject is well again: tells that as a
/// recovery, where the incident was told. Costs one look where there was none.
void clear_alert(State& state, Alert alert);

/// clear_alert() for each incident of that kind that is known and of another subject than `still`.
void clear_others(State& state, AlertKind kind, const std::set<std::string>& still,
                  const std::string& message);

/// Tells the dead man's switch kStart, kSuccess or kFailure, and why.
void ping(State& state, AlertKind kind, const std::string& message);

/// Tells that a backup has a copy on a target now or, with an error, that making it failed.
void tell_copy(State& state, const Source& source, const std::string& id, const std::string& target,
               const Error* error);

}  // namespace backups
