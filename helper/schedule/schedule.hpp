#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/schedule.hpp"
#include "sys/zone.hpp"

namespace backups {

/// After which something that has failed so often in a row is tried again: 5 minutes, then 20, 80
/// and so on, up to 6 hours.
Time retry_delay(int failures);

/// How a schedule stands.
struct ScheduleStatus {
  std::optional<ScheduleRun> last;  ///< its newest attempt that does not lie ahead
  std::optional<Time> due;          ///< when it is to run next, or was to; nothing while paused
};

ScheduleStatus schedule_status(State& state, const Schedule& schedule);

/// When it runs after `after`, `count` times at most.
std::vector<Time> runs_after(const Schedule& schedule, Time after, std::size_t count);

/// True when no success is younger than twice its interval, although it is not paused.
bool is_silent(State& state, const Schedule& schedule, Time now);

}  // namespace backups
