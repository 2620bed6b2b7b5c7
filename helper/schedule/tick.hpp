#pragma once

#include <string>

#include "host/state.hpp"

namespace backups {

/// Cron starts this every minute. It runs the schedules that are due, the longest overdue first, at
/// most `max-parallel` at once on this host, applies retention after each success, and once a day
/// applies retention to every source. Before and after that, it cleans up after interrupted
/// operations, and at the end it delivers alerts.
///
/// Backups and copies that go directly to an off-site target run in a process of their own for each
/// target (a lane), so that a slow target delays no other. Two ticks may run at once. A backup that
/// fails is recorded and is not an error of the tick. Throws Error, kCancelled.
void tick(State& state);

/// Runs the lane of one target: the backups that are written to it first, and the pending copies to
/// it, including retries of failed ones. Returns immediately if another process runs that lane.
/// Throws Error, kCancelled.
void tick_lane(State& state, const std::string& target);

}  // namespace backups
