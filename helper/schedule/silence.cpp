#include "schedule/silence.hpp"

#include <vector>

#include "schedule/job.hpp"
#include "schedule/schedule.hpp"
#include "sys/sqlite.hpp"

namespace backups {
namespace {

Alert silence(const Schedule& schedule, const std::string& message) {
  return {.kind = AlertKind::kSilence,
          .source = schedule.source.text(),
          .schedule = schedule.id,
          .message = message};
}

bool last_is(const ScheduleStatus& status, BackupStatus wanted) {
  return status.last && status.last->status == wanted;
}

/// A schedule that ran late, after the host was off, is not silent although runs were missed.
bool is_silent_now(Catalog& catalog, const Schedule& schedule, const ScheduleStatus& status) {
  const bool well = last_is(status, BackupStatus::kSuccess) && !status.is_due(now());
  return !well && is_silent(catalog, schedule, now());
}

std::string last_success(Catalog& catalog, const Schedule& schedule) {
  const auto last = catalog.last_success(schedule.source, schedule.id, now());
  return last ? rfc3339(*last) : "the schedule was set, " + rfc3339(schedule.since);
}

}  // namespace

void publish_silent_schedules(const Events& events, CatalogFile& catalog_file,
                              const Settings& settings, const std::string& lane,
                              const std::set<std::string>& tried) {
  std::vector<HostEvent> found;
  {
    Catalog& catalog = catalog_file.open();
    const Snapshot snapshot(catalog.database());
    for (const auto& schedule : settings.schedules) {
      if (lane_of(settings, schedule) != lane) continue;
      warn_on_failure(schedule.text(), [&] {
        const ScheduleStatus status = schedule_status(catalog, schedule);
        if (is_silent_now(catalog, schedule, status)) {
          found.emplace_back(
              Problem{silence(schedule, "no backup since " + last_success(catalog, schedule))});
        } else if (last_is(status, BackupStatus::kSuccess) && tried.contains(schedule.text())) {
          found.emplace_back(ProblemSolved{silence(schedule, "backed up again")});
        }
      });
    }
  }
  for (const auto& event : found) events.publish(event);
}

void publish_dead_mans_switch(const Events& events, CatalogFile& catalog,
                              const Settings& settings) {
  // One failure is enough: a person who reads it finds the others with `list`.
  SchedulesRan ran{AlertKind::kSuccess};
  for (const auto& schedule : settings.schedules) {
    if (!schedule.paused.empty()) continue;
    warn_on_failure(schedule.text(), [&] {
      const ScheduleStatus status = schedule_status(catalog.open(), schedule);
      if (last_is(status, BackupStatus::kFailed) || is_silent_now(catalog.open(), schedule, status))
        ran = {AlertKind::kFailure, schedule.text() + " is not backed up"};
    });
    if (ran.kind == AlertKind::kFailure) break;
  }
  events.publish(ran);
}

}  // namespace backups
