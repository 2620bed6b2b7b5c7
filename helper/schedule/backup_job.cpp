// The backups of schedules: due_backups() of schedule/job.hpp.
#include <algorithm>
#include <utility>

#include "backup/run_backup.hpp"
#include "backup/suspect.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "host/targets.hpp"
#include "model/target.hpp"
#include "retention/prune.hpp"
#include "schedule/job.hpp"
#include "schedule/schedule.hpp"
#include "sys/sqlite.hpp"

namespace backups {
namespace {

std::vector<std::string> targets_of(const Settings& settings, const Schedule& schedule) {
  return schedule.targets.empty() ? default_targets(settings, schedule.source) : schedule.targets;
}

/// A copy to a target that does not exist is not due, and would not be reported by its lane.
void publish_unknown_targets(const Settings& settings, Catalog& catalog, const Events& events,
                             const Manifest& made, const std::vector<std::string>& targets) {
  const auto backup = catalog.find(made.source.type, made.id);
  for (const auto& target : targets) {
    if (target == kLocalTarget || settings.targets.contains(target) || !backup) continue;
    const Error missing(ErrorKind::kNotFound, "unknown target " + target);
    events.publish(CopyEnded{made.source, made.id, target, missing});
    catalog.mark_copy(*backup, {target, CopyStatus::kFailed, missing.what(), {}});
  }
}

/// One run of a schedule: backs up to the first target, and applies retention, which only a success
/// makes safe. The copies to the others are left to their lanes (copy_job.cpp), so that a slow
/// target does not occupy a slot for backups.
void back_up(State& state, const Schedule& schedule) {
  log::step("Backing up " + schedule.source.spelling() + ", schedule " + schedule.id);
  const auto targets = targets_of(state.settings.read(), schedule);
  const Manifest made =
      run_first_copy(state, {schedule.source, Trigger::kSchedule, "", targets, schedule.id}, {});
  log::result("Backup " + made.id + " done: " + human_size(made.stored_size()));
  if (const std::string text = suspicion_text(state.catalog, made); !text.empty()) log::warn(text);
  publish_unknown_targets(state.settings.read(), state.catalog.open(), state.events, made, targets);
  // A target that does not answer must not delay this; its copies are removed by a later tick.
  const Targets::ShortTimeouts short_timeouts(state.targets);
  prune_and_report(state, schedule.source);
}

JobOutcome run_schedule(State& state, const Schedule& schedule, const OnJobStart& on_start) {
  const auto lock = state.locks.try_acquire(schedule.source, "create");
  if (!lock) return JobOutcome::kBusy;
  // Another process may have run it before the lock was free.
  if (!schedule_status(state.catalog.open(), schedule).is_due(now())) return JobOutcome::kNotDue;
  on_start();
  back_up(state, schedule);
  return JobOutcome::kRan;
}

}  // namespace

std::string lane_of(const Settings& settings, const Schedule& schedule) {
  return first_target(settings, targets_of(settings, schedule));
}

/// The longest overdue first.
std::vector<Job> due_backups(State& state, const Settings& settings) {
  std::vector<std::pair<Time, Job>> due;
  Catalog& catalog = state.catalog.open();
  const Snapshot snapshot(catalog.database());
  for (const auto& schedule : settings.schedules)
    warn_on_failure(schedule.text(), [&] {
      const ScheduleStatus status = schedule_status(catalog, schedule);
      if (!status.is_due(now())) return;
      due.push_back({*status.due,
                     {schedule.text(), schedule.source.spelling(), lane_of(settings, schedule),
                      true, [&state, schedule](const OnJobStart& on_start) {
                        return run_schedule(state, schedule, on_start);
                      }}});
    });
  std::stable_sort(due.begin(), due.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Job> jobs;
  for (auto& [since, job] : due) jobs.push_back(std::move(job));
  return jobs;
}

}  // namespace backups
