#pragma once

#include <functional>
#include <set>
#include <string>

#include "host/state.hpp"
#include "model/alert.hpp"

namespace backups {

// Nothing here throws, waits for the network or makes a backup fail; problems are warnings. Alerts
// are queued in the outbox and delivered by a process in the background.

/// Runs `work`, which may queue alerts, and starts their delivery.
void tell_quietly(const Program& program, CatalogFile& catalog, const std::function<void()>& work);

/// Opens or continues an incident. Queues an alert, unless one was queued recently (`notify-every`)
/// or alerts of that kind are off (`notify-on`). Returns true if the incident is new.
bool raise_alert(State& state, Alert alert);

/// Subscribes to the events of `state`, to raise and clear alerts.
void subscribe_alerts(State& state);

/// Closes the incident of the same kind and subject, and queues a recovery notice if the incident
/// was reported. Costs one query if there is none.
void clear_alert(State& state, Alert alert);

/// Calls clear_alert() for each open incident of that kind whose subject is not in `still`.
void clear_others(State& state, AlertKind kind, const std::set<std::string>& still,
                  const std::string& message);

/// Reports kStart, kSuccess or kFailure, and a reason, to the dead man's switch.
void ping(State& state, AlertKind kind, const std::string& message);

/// Reports that a copy to a target succeeded or, with an error, that it failed.
void tell_copy(State& state, const Source& source, const std::string& id, const std::string& target,
               const Error* error);

}  // namespace backups
