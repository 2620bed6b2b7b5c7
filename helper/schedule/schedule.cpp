#include "schedule/schedule.hpp"

#include <algorithm>
#include <map>

#include "model/cron.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

constexpr Time kFirstRetry = 5 * 60;
constexpr Time kLastRetry = 6 * 3600;
constexpr int kCounted = 8;         // failures; more do not make the delay longer
constexpr Time kLateness = 2 * 60;  // a tick starts every minute

std::optional<Time> next(const Schedule& schedule, Time after) {
  return Cron::parse(schedule.cron).next(after, zone_of(schedule));
}

/// A schedule that was set while the clock was ahead is due immediately.
Time since(const Schedule& schedule) {
  return lies_ahead(schedule.since, now()) ? 0 : schedule.since;
}

/// When to retry a failed attempt; nothing if a person stopped it.
std::optional<Time> retry_at(Catalog& catalog, const Schedule& schedule,
                             const ScheduleRun& failed) {
  if (failed.reason == FailureReason::kCancelled) return std::nullopt;
  int failures = 1;
  const auto tries = catalog.runs_of(schedule.source, schedule.id, now(), kCounted);
  for (std::size_t i = 1; i < tries.size() && tries[i].status == BackupStatus::kFailed; ++i)
    ++failures;
  // The end of an attempt is unknown if its process died or the clock jumped meanwhile.
  const bool known = failed.finished_at && failed.reason != FailureReason::kInterrupted &&
                     !lies_ahead(*failed.finished_at, now());
  return (known ? *failed.finished_at : failed.started_at) + retry_delay(failures);
}

/// The next run by the cron expression, counted from the last attempt, so that runs that were
/// missed while the host was off are made up for by one; or earlier, if the last attempt failed and
/// is to be retried.
std::optional<Time> due(Catalog& catalog, const Schedule& schedule,
                        const std::optional<ScheduleRun>& last) {
  const auto turn =
      next(schedule, last ? std::max(last->started_at, since(schedule)) : since(schedule));
  if (!last || last->status != BackupStatus::kFailed || last->started_at < since(schedule))
    return turn;
  const auto retry = retry_at(catalog, schedule, *last);
  if (!retry) return turn;
  return turn ? std::min(*turn, *retry) : retry;
}

}  // namespace

Time retry_delay(int failures) {
  Time delay = kFirstRetry;
  for (int i = 1; i < failures && delay < kLastRetry; ++i) delay *= 4;
  return std::min(delay, kLastRetry);
}

bool ScheduleStatus::is_overdue(Time now) const { return is_due(now - kLateness); }

ScheduleStatus schedule_status(Catalog& catalog, const Schedule& schedule) {
  ScheduleStatus status;
  const auto newest = catalog.runs_of(schedule.source, schedule.id, now(), 1);
  if (!newest.empty()) status.last = newest.front();
  if (schedule.paused.empty()) status.due = due(catalog, schedule, status.last);
  return status;
}

std::vector<Time> runs_after(const Schedule& schedule, Time after, std::size_t count) {
  std::vector<Time> runs;
  for (auto run = next(schedule, after); run && runs.size() < count; run = next(schedule, *run))
    runs.push_back(*run);
  return runs;
}

bool is_silent(Catalog& catalog, const Schedule& schedule, Time now) {
  if (!schedule.paused.empty()) return false;
  const auto last = catalog.last_success(schedule.source, schedule.id, now);
  const auto missed = runs_after(schedule, std::max(last.value_or(0), since(schedule)), 2);
  // The second run may still be in progress.
  return missed.size() == 2 && now >= missed.back() + kFirstRetry;
}

}  // namespace backups
