#pragma once

#include "host/state.hpp"

namespace backups {

/// Sends the due messages of the outbox, for at most a minute. Returns immediately if another
/// process is delivering. A message that fails is retried for a day. Throws Error.
void deliver(State& state);

/// If a message is due, starts a process that calls deliver(), without waiting for it. Throws
/// Error.
void deliver_in_background(const Program& program, CatalogFile& catalog);

}  // namespace backups
