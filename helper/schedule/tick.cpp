#include "schedule/tick.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "lifecycle/recover.hpp"
#include "model/target.hpp"
#include "notify/deliver.hpp"
#include "notify/watch.hpp"
#include "schedule/job.hpp"
#include "schedule/silence.hpp"
#include "sys/interrupt.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

std::string this_process() { return "process " + std::to_string(::getpid()); }

/// Acquires one of the `slots` for parallel backups on this host; nothing if all are taken. Slots
/// are locks of the system, so that those of a process that died are free.
std::optional<Lock> take_slot(const Paths& paths, std::int64_t slots) {
  for (std::int64_t slot = 0; slot < slots; ++slot)
    if (auto lock = Lock::try_acquire(paths.lock("tick." + std::to_string(slot)), this_process()))
      return lock;
  return std::nullopt;
}

/// Waits for a child that may work for hours. A request to stop ends this process, and the children
/// with it.
void wait_for(Process& process) {
  while (!process.wait(std::chrono::milliseconds(500))) interrupt::check();
}

/// Runs the jobs of one lane, in this process: those that depend on nothing but this host (`local`,
/// within the slots), or everything that works on one other target and may wait for it.
class Lane {
 public:
  Lane(State& state, std::string name) : state_(state), name_(std::move(name)) {}

  /// The lane of an off-site target. If the target does not answer, only this lane waits.
  void run_alone() {
    const auto lock = Lock::try_acquire(state_.paths.lock("lane." + name_), this_process());
    if (!lock) return;
    while (run_next(due_jobs(state_))) continue;
    report();
  }

  /// The lane `local`, which starts the others.
  ///
  /// Cron starts a tick every minute, whether the last one has ended or not. Each takes a slot, or
  /// leaves the backups to those that have one. If several backups are due and another slot may be
  /// free, a second tick is started at once and not a minute later.
  ///
  /// After every job, everything that is due is determined anew, since a job may take hours: a
  /// schedule may have become due, or have been run by another process. Other lanes start as soon
  /// as they have work, even if no slot is free here.
  void run_with_others() {
    auto jobs = due_jobs(state_);
    start_others(jobs);
    std::unique_ptr<Process> another;
    const Settings settings = state_.settings.read();
    const auto slots = parse_number(settings.get(Settings::kGlobal, "max-parallel")).value();
    if (const auto slot = take_slot(state_.paths, slots)) {
      const auto is_here = [&](const Job& job) { return job.is_backup && job.lane == name_; };
      if (slots > 1 && !state_.program.path.empty() &&
          std::count_if(jobs.begin(), jobs.end(), is_here) > 1)
        another = std::make_unique<Process>(state_.program.command("tick"));
      while (run_next(jobs)) {
        jobs = due_jobs(state_);
        start_others(jobs);
      }
    }
    publish_clock_problem(state_.events, state_.catalog.open());
    publish_unclear_settings(state_.events, state_.settings);
    report();
    if (another) wait_for(*another);
    for (const auto& [target, lane] : others_) wait_for(*lane);
  }

 private:
  /// Runs the first job of this lane that is not busy and that this process has not run yet.
  /// Returns false if there is none.
  bool run_next(const std::vector<Job>& jobs) {
    for (const auto& job : jobs) {
      if (job.lane != name_ || ran_.contains(job.name)) continue;
      interrupt::check();
      JobOutcome outcome = JobOutcome::kRan;
      warn_on_failure(job.about, [&] { outcome = job.run([&] { begin(job); }); });
      if (ran_.contains(job.name)) return true;
      if (outcome == JobOutcome::kBusy && job.is_backup && busy_.insert(job.name).second)
        log::warn(job.about + " is busy: " + job.name + " is tried again in a minute");
    }
    return false;
  }

  /// Called when a job holds its locks. The first backup starts the dead man's switch: a tick that
  /// finds nothing to do, or everything busy, is not reported to it.
  void begin(const Job& job) {
    ran_.insert(job.name);
    if (!job.is_backup || std::exchange(has_backed_up_, true)) return;
    state_.events.publish(SchedulesRan{AlertKind::kStart});
  }

  /// Starts a process for each other lane that has work and does not run yet.
  void start_others(const std::vector<Job>& jobs) {
    for (const auto& job : jobs) {
      if (job.lane == name_ || state_.program.path.empty()) continue;
      auto& lane = others_[job.lane];
      if (lane && !lane->wait(std::chrono::milliseconds(0))) continue;
      Command command = state_.program.command("tick");
      command.argv.insert(command.argv.end(), {"--lane", job.lane});
      lane = std::make_unique<Process>(command);
    }
  }

  /// Alerts about schedules without success, ends the dead man's switch, and delivers what is due
  /// in the outbox: first attempts and retries.
  void report() {
    const Settings settings = state_.settings.read();
    warn_on_failure("silent schedules", [&] {
      publish_silent_schedules(state_.events, state_.catalog, settings, name_, ran_);
    });
    if (has_backed_up_) publish_dead_mans_switch(state_.events, state_.catalog, settings);
    warn_on_failure("alerts", [&] {
      deliver(state_.hooks.environment, state_.paths, state_.settings, state_.catalog);
    });
  }

  State& state_;
  const std::string name_;
  std::set<std::string> ran_;   // jobs, by name
  std::set<std::string> busy_;  // that were reported
  bool has_backed_up_ = false;
  std::map<std::string, std::unique_ptr<Process>> others_;  // by name
};

}  // namespace

/// Cleans up on this host first: an interrupted backup occupies disk space, and its schedule is
/// retried only once it is recorded as failed. What it left on other targets can wait until the
/// backups are made.
void tick(State& state) {
  recover(state, Reach::kHere);
  watch_clock(state.catalog.open());
  Lane(state, kLocalTarget).run_with_others();
  recover(state, Reach::kEverywhere);
}

void tick_lane(State& state, const std::string& target) { Lane(state, target).run_alone(); }

}  // namespace backups
