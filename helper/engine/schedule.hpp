#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/state.hpp"
#include "model/schedule.hpp"
#include "sys/zone.hpp"

namespace backups {

/// The zone that a time without one is meant in: the property `timezone`, or the host's.
std::string time_zone(const Settings& settings);

/// That of a schedule or, where this host does not know it, the host's.
const Zone& zone_of(const Schedule& schedule);

/// How a schedule stands.
struct Standing {
  std::optional<ScheduleRun> last;  ///< its newest attempt that does not lie ahead
  std::optional<Time> due;          ///< when it is to run next, or was to; nothing while paused
};

Standing standing(State& state, const Schedule& schedule);

/// When it runs after `after`, `count` times at most.
std::vector<Time> runs_after(const Schedule& schedule, Time after, std::size_t count);

/// True when no success is younger than twice its interval, although it is not paused.
bool is_silent(State& state, const Schedule& schedule, Time now);

}  // namespace backups
