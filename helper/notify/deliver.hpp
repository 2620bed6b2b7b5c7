#pragma once

#include "host/state.hpp"

namespace backups {

/// Sends what is due in the outbox, for a minute at most; returns at once where another process is
/// at it. What fails is tried again later, for a day. Throws Error.
void deliver(State& state);

/// Starts a process that does so, if anything is due, and does not wait for it. Throws Error.
void deliver_in_background(State& state);

}  // namespace backups
