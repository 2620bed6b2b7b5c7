// Pending copies and retries of failed ones: due_copies() of schedule/job.hpp.
#include <algorithm>

#include "backup/run_backup.hpp"
#include "base/log.hpp"
#include "copies/copying.hpp"
#include "host/stop_here.hpp"
#include "schedule/job.hpp"
#include "schedule/schedule.hpp"

namespace backups {
namespace {

constexpr int kMaxAttempts = 30;  // about a week, with the delays of retry_delay()

Time next_try(const Copy& copy) {
  const Time tried = copy.tried_at.value_or(0);
  return lies_ahead(tried, now()) ? now() : tried + retry_delay(copy.attempts);
}

bool is_wanted(const Backup& backup, const std::string& target) {
  const Copy* copy = backup.copy_on(target);
  return !backup.deleted_at && !backup.deleting && copy != nullptr &&
         copy->status == CopyStatus::kFailed;
}

JobOutcome copy_to(State& state, const Backup& backup, const std::string& target,
                   const OnJobStart& on_start) {
  stop_here("copy");
  auto lock = state.locks.try_acquire(backup.source, "push");
  if (!lock) return JobOutcome::kBusy;
  // Another command may have copied or deleted the backup before the lock was free.
  const auto current = state.catalog.open().find(backup.source.type, backup.id);
  if (!current || !is_wanted(*current, target)) return JobOutcome::kNotDue;
  on_start();
  run_copy(state, std::move(*lock), *current, target, {});
  log::result(backup.id + " is copied to " + target);
  return JobOutcome::kRan;
}

}  // namespace

std::vector<Job> due_copies(State& state, const Settings& settings) {
  std::vector<Job> jobs;
  for (const auto& backup : state.catalog.open().failed_copies()) {
    for (const auto& copy : backup.copies) {
      if (copy.status != CopyStatus::kFailed || !settings.targets.contains(copy.target) ||
          copy.attempts >= kMaxAttempts || next_try(copy) > now() ||
          is_being_copied(state.paths, backup, copy.target))
        continue;
      jobs.push_back({backup.text() + " to " + copy.target, backup.id, copy.target, false,
                      [&state, backup, target = copy.target](const OnJobStart& on_start) {
                        return copy_to(state, backup, target, on_start);
                      }});
    }
  }
  return jobs;
}

}  // namespace backups
