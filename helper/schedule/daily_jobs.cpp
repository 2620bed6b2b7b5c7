// Work that is done once a day: due_retention() and due_upload_sweeps() of schedule/job.hpp.
#include "catalog/job_marks.hpp"
#include "host/targets.hpp"
#include "model/target.hpp"
#include "retention/prune.hpp"
#include "schedule/job.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr const char* kRetentionMark = "prune";
constexpr const char* kSweepMark = "upload sweep ";  // the name of the target follows

bool is_due_today(CatalogFile& catalog, const std::string& mark) {
  const Time done = JobMarks(catalog.open().database()).done_at(mark);
  return now() >= done + kDay || lies_ahead(done, now());
}

/// Runs `work` in one process at a time, unless it was done in the last day. It counts as done even
/// if a target failed meanwhile, which is reported: retrying every minute would not help.
JobOutcome once_a_day(State& state, const std::string& mark, const OnJobStart& on_start,
                      const std::function<void()>& work) {
  const auto lock = Lock::try_acquire(state.paths.lock("daily " + mark), mark);
  if (!lock) return JobOutcome::kBusy;
  if (!is_due_today(state.catalog, mark)) return JobOutcome::kNotDue;
  on_start();
  const Targets::ShortTimeouts short_timeouts(state.targets);
  work();
  JobMarks(state.catalog.open().database()).mark_done(mark, now());
  return JobOutcome::kRan;
}

/// Applies retention to every source, also to those that no schedule backs up any more: backups
/// also expire by age. A source that is busy is left to the next day.
void prune_everything(State& state) {
  for (const auto& source : state.catalog.open().sources()) {
    interrupt::check();
    if (const auto lock = state.locks.try_acquire(source, "prune"))
      warn_on_failure(source.spelling(), [&] { prune_and_report(state, source); });
  }
  forget_history(state.paths, state.catalog);
  state.events.publish(BackupsChanged{});
}

}  // namespace

std::vector<Job> due_retention(State& state, const Settings& /*settings*/) {
  if (!is_due_today(state.catalog, kRetentionMark)) return {};
  return {{kRetentionMark, "the daily clean-up", kLocalTarget, false,
           [&state](const OnJobStart& on_start) {
             return once_a_day(state, kRetentionMark, on_start, [&] { prune_everything(state); });
           }}};
}

std::vector<Job> due_upload_sweeps(State& state, const Settings& settings) {
  std::vector<Job> jobs;
  for (const auto& [target, options] : settings.targets) {
    const std::string mark = kSweepMark + target;
    if (!is_due_today(state.catalog, mark)) continue;
    jobs.push_back({mark, "unfinished uploads on " + target, target, false,
                    [&state, mark, target = target](const OnJobStart& on_start) {
                      return once_a_day(state, mark, on_start, [&] {
                        end_stale_uploads(state.identity, state.targets, state.catalog, target);
                      });
                    }});
  }
  return jobs;
}

}  // namespace backups
