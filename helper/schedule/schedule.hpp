#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/schedule.hpp"
#include "sys/zone.hpp"

namespace backups {

/// The delay before the next attempt after so many failures in a row: 5 minutes, then 20, 80 and
/// so on, at most 6 hours.
Time retry_delay(int failures);

/// The last and the next run of a schedule.
struct ScheduleStatus {
  std::optional<ScheduleRun> last;  ///< its newest attempt that is not dated in the future
  std::optional<Time> due;          ///< the next run, in the past if overdue; nothing while paused

  bool is_due(Time now) const { return due && *due <= now; }
  /// True if it should have started, but the ticks of the last minutes did not start it.
  bool is_overdue(Time now) const;
};

/// Reads the status from the catalog. Throws Error, also if the cron expression is not valid.
ScheduleStatus schedule_status(Catalog& catalog, const Schedule& schedule);

/// The next runs after `after` by its cron expression, at most `count`, in order.
std::vector<Time> runs_after(const Schedule& schedule, Time after, std::size_t count);

/// True if two runs were missed since the last success and the schedule is not paused.
bool is_silent(Catalog& catalog, const Schedule& schedule, Time now);

}  // namespace backups
