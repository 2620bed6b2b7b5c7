#include "schedule/tick.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "backup/run_backup.hpp"
#include "backup/suspect.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "copies/copying.hpp"
#include "host/targets.hpp"
#include "lifecycle/recover.hpp"
#include "model/target.hpp"
#include "notify/deliver.hpp"
#include "notify/watch.hpp"
#include "retention/prune.hpp"
#include "schedule/schedule.hpp"
#include "sys/interrupt.hpp"
#include "sys/process.hpp"
#include "sys/stop_here.hpp"

namespace backups {
namespace {

constexpr const char* kDailyJob = "prune";
constexpr int kMostTries = 30;

void apply_retention(State& state, const Source& source) {
  const Pruned pruned = prune(state, source);
  if (pruned.removed > 0)
    log::step("Removed " + std::to_string(pruned.removed) +
              (pruned.removed == 1 ? " old copy of " : " old copies of ") + source.spelling());
}

std::vector<std::string> targets_of(const SettingsFile& settings_file, const Schedule& schedule) {
  return schedule.targets.empty() ? default_targets(settings_file.read(), schedule.source)
                                  : schedule.targets;
}

/// Writes to the first of its targets and queues the copies to the others for their lanes.
void back_up(State& state, const Schedule& schedule) {
  log::step("Backing up " + schedule.source.spelling() + ", schedule " + schedule.id);
  const auto targets = targets_of(state.settings, schedule);
  const std::string first = first_target(state.settings.read(), targets);
  const Manifest made =
      run_first_copy(state, {schedule.source, Trigger::kSchedule, "", {first}, schedule.id}, {});
  log::result("Backup " + made.id + " done: " + human_size(made.stored_size()));
  if (const std::string text = suspicion_text(state.catalog, made); !text.empty()) log::warn(text);
  const auto backup = state.catalog.open().find(made.source.type, made.id);
  for (const auto& target : targets) {
    if (target == first || !backup) continue;
    const bool known = state.settings.read().targets.contains(target);
    const Error missing(ErrorKind::kNotFound, "unknown target " + target);
    if (!known) state.events.publish(CopyEnded{made.source, made.id, target, missing});
    state.catalog.open().mark_copy(
        *backup, {target, CopyStatus::kFailed, known ? "it is queued" : missing.what(), {}});
  }
  // A target that does not answer must not delay this; its copies are removed by a later tick.
  const Targets::ShortTimeouts short_timeouts(state.targets);
  apply_retention(state, schedule.source);
}

/// A failure is already recorded and queued as an alert, so that the tick continues. It also
/// continues after a person has cancelled one backup.
template <typename Work>
void attempt(const std::string& what, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled && !interrupt::forget_person()) throw;
    const std::string why = error.what();
    log::warn(why.find(what) == std::string::npos ? what + ": " + why : why);
  }
}

/// Acquires one of the `slots` for parallel backups on this host; nothing if all are taken.
std::optional<Lock> take_slot(const Paths& paths, std::int64_t slots) {
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    auto lock = Lock::try_acquire(paths.root / "locks" / ("tick." + std::to_string(slot)),
                                  "process " + std::to_string(::getpid()));
    if (lock) return lock;
  }
  return std::nullopt;
}

/// The work of one lane: the backups that are written to `local` first, which depend on nothing
/// but this host, or everything that goes to one other target.
class Tick {
 public:
  Tick(State& state, std::string lane) : state_(state), lane_(std::move(lane)) {}

  /// Runs the lane of an off-site target. If the target does not answer, only this lane waits.
  void run_lane() {
    const auto lock = Lock::try_acquire(state_.paths.root / "locks" / ("lane." + lane_),
                                        "process " + std::to_string(::getpid()));
    if (!lock) return;
    look();
    while (run_first(due()) || copy_first()) look();
    tell_silences();
    if (!tried_.empty()) tell_switch();
    attempt("alerts", [&] {
      deliver(state_.hooks.environment, state_.paths, state_.settings, state_.catalog);
    });
  }

  void run() {
    std::unique_ptr<Process> another;
    watch_clock(state_.catalog.open());
    look();
    start_lanes();
    const auto slots = parse_number(settings_.get(Settings::kGlobal, "max-parallel")).value();
    bool cleaned = false;
    // Another process runs the next schedules in parallel.
    if (const auto slot = take_slot(state_.paths, slots)) {
      if (due().size() > 1 && slots > 1)
        another = std::make_unique<Process>(state_.program.command("tick"));
      while (run_first(due())) {
        look();
        start_lanes();
      }
      attempt("the daily clean-up", [&] { cleaned = prune_everything(); });
    }
    tell_silences();
    tell_clock(state_.events, state_.catalog.open());
    tell_settings(state_.events, state_.settings);
    if (!tried_.empty()) tell_switch();
    attempt("alerts", [&] {
      deliver(state_.hooks.environment, state_.paths, state_.settings, state_.catalog);
    });
    if (cleaned) attempt("unfinished uploads", [&] { end_uploads(); });
    if (another) wait_for(*another);
    for (const auto& [target, lane] : lanes_) wait_for(*lane);
  }

 private:
  struct Seen {
    const Schedule* schedule;
    ScheduleStatus status;

    bool is_due() const { return status.due && *status.due <= now(); }
    bool succeeded() const { return status.last && status.last->status == BackupStatus::kSuccess; }
  };

  /// Reads settings and schedules again, since the last backup may have taken hours.
  void look() {
    settings_ = state_.settings.read();
    seen_.clear();
    for (const auto& schedule : settings_.schedules)
      attempt(schedule.text(), [&] {
        seen_.push_back({&schedule, schedule_status(state_.catalog.open(), schedule)});
      });
  }

  /// The schedules that are due in this lane, the longest overdue first.
  std::vector<Seen> due() const {
    std::vector<Seen> due;
    std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(due), [&](const Seen& seen) {
      return seen.is_due() && lane_of(*seen.schedule) == lane_;
    });
    std::stable_sort(due.begin(), due.end(),
                     [](const Seen& a, const Seen& b) { return *a.status.due < *b.status.due; });
    return due;
  }

  /// Runs the first schedule whose source is not busy and that this process has not tried yet.
  /// Returns false if there is none.
  bool run_first(const std::vector<Seen>& due) {
    for (const auto& seen : due) {
      const Schedule& schedule = *seen.schedule;
      interrupt::check();
      if (tried_.contains(schedule.text())) continue;
      const auto lock = state_.locks.try_acquire(schedule.source, "create");
      if (!lock) {
        if (busy_.insert(schedule.text()).second)
          log::warn(schedule.source.spelling() + " is busy: schedule " + schedule.id +
                    " is tried again in a minute");
        continue;
      }
      // Another process may have run it before the lock was free.
      if (!Seen{&schedule, schedule_status(state_.catalog.open(), schedule)}.is_due()) continue;
      if (tried_.empty()) state_.events.publish(SchedulesRan{AlertKind::kStart});
      tried_.insert(schedule.text());
      attempt(schedule.source.spelling(), [&] { back_up(state_, schedule); });
      return true;
    }
    return false;
  }

  /// The target that the schedule writes to first.
  std::string lane_of(const Schedule& schedule) const {
    return first_target(settings_,
                        schedule.targets.empty()
                            ? parse_target_list(settings_.get(schedule.source.text(), "targets"))
                            : schedule.targets);
  }

  /// The next pending copy for each target.
  std::map<std::string, Backup> due_copies() {
    std::map<std::string, Backup> copies;
    for (const auto& backup : state_.catalog.open().failed_copies()) {
      for (const auto& copy : backup.copies) {
        if (copy.status != CopyStatus::kFailed || !settings_.targets.contains(copy.target))
          continue;
        if (copied_.contains(backup.text() + " " + copy.target)) continue;
        if (copy.attempts < kMostTries && retry_at(copy) <= now() &&
            !is_being_copied(state_.paths, backup, copy.target))
          copies.emplace(copy.target, backup);
      }
    }
    return copies;
  }

  /// Starts a process for each target that has work and no running lane.
  void start_lanes() {
    std::set<std::string> busy;
    for (const auto& [target, backup] : due_copies()) busy.insert(target);
    for (const auto& seen : seen_)
      if (seen.is_due()) busy.insert(lane_of(*seen.schedule));
    busy.erase(kLocalTarget);
    for (const auto& target : busy) {
      auto& lane = lanes_[target];
      if (lane && !lane->wait(std::chrono::milliseconds(0))) continue;
      Command command = state_.program.command("tick");
      command.argv.insert(command.argv.end(), {"--lane", target});
      lane = std::make_unique<Process>(command);
    }
  }

  static void wait_for(Process& process) {
    while (!process.wait(std::chrono::milliseconds(500))) interrupt::check();
  }

  /// Makes the next copy of this lane. Returns false if there is none.
  bool copy_first() {
    const auto copies = due_copies();
    const auto next = copies.find(lane_);
    if (next == copies.end()) return false;
    interrupt::check();
    const Backup& backup = next->second;
    copied_.insert(backup.text() + " " + lane_);
    stop_here("copy");
    auto lock = state_.locks.try_acquire(backup.source, "push");
    if (!lock) return true;
    // Another command may have copied or deleted the backup before the lock was free.
    const auto current = state_.catalog.open().find(backup.source.type, backup.id);
    const bool wanted =
        current && !current->deleted_at && !current->deleting &&
        std::any_of(current->copies.begin(), current->copies.end(), [&](const Copy& copy) {
          return copy.target == lane_ && copy.status == CopyStatus::kFailed;
        });
    if (!wanted) return true;
    attempt(backup.id, [&] {
      run_copy(state_, std::move(*lock), *current, lane_, {});
      log::result(backup.id + " is copied to " + lane_);
    });
    return true;
  }

  static Time retry_at(const Copy& copy) {
    const Time tried = copy.tried_at.value_or(0);
    return lies_ahead(tried, now()) ? now() : tried + retry_delay(copy.attempts);
  }

  /// Applies retention to every source, once a day. Returns false if it was not due.
  bool prune_everything() {
    const JobMarks job_marks(state_.catalog.open().database());
    const Time done = job_marks.done_at(kDailyJob);
    if (now() < done + kDay && !lies_ahead(done, now())) return false;
    const Targets::ShortTimeouts short_timeouts(state_.targets);
    for (const auto& source : state_.catalog.open().sources()) {
      interrupt::check();
      if (const auto lock = state_.locks.try_acquire(source, "prune"))
        attempt(source.spelling(), [&] { apply_retention(state_, source); });
    }
    forget_history(state_.paths, state_.catalog);
    job_marks.mark_done(kDailyJob, now());
    state_.events.publish(BackupsChanged{});
    return true;
  }

  void end_uploads() {
    const Targets::ShortTimeouts short_timeouts(state_.targets);
    end_stale_uploads(state_.settings, state_.identity, state_.targets, state_.catalog);
  }

  /// Raises or clears the alerts about schedules without a recent success.
  void tell_silences() {
    for (const auto& seen : seen_) {
      if (lane_of(*seen.schedule) != lane_) continue;
      if (is_silent(seen)) {
        state_.events.publish(
            Problem{silence(*seen.schedule, "no backup since " + last_success(*seen.schedule))});
      } else if (seen.succeeded() && tried_.contains(seen.schedule->text())) {
        state_.events.publish(ProblemSolved{silence(*seen.schedule, "backed up again")});
      }
    }
  }

  static Alert silence(const Schedule& schedule, const std::string& message) {
    return {.kind = AlertKind::kSilence,
            .source = schedule.source.text(),
            .schedule = schedule.id,
            .message = message};
  }

  bool is_silent(const Seen& seen) const {
    const bool well = seen.succeeded() && !seen.is_due();
    return !well && backups::is_silent(state_.catalog.open(), *seen.schedule, now());
  }

  std::string last_success(const Schedule& schedule) const {
    const auto last = state_.catalog.open().last_success(schedule.source, schedule.id, now());
    return last ? rfc3339(*last) : "the schedule was set, " + rfc3339(schedule.since);
  }

  /// Reports to the dead man's switch: success only if no schedule has failed or is silent.
  void tell_switch() {
    for (const auto& seen : seen_) {
      const bool failed = seen.status.last && seen.status.last->status == BackupStatus::kFailed;
      if (!seen.schedule->paused.empty() || (!failed && !is_silent(seen))) continue;
      return state_.events.publish(
          SchedulesRan{AlertKind::kFailure, seen.schedule->text() + " is not backed up"});
    }
    state_.events.publish(SchedulesRan{AlertKind::kSuccess});
  }

  State& state_;
  std::string lane_;
  Settings settings_;
  std::vector<Seen> seen_;
  std::set<std::string> tried_;  // schedules, by text()
  std::set<std::string> busy_;
  std::set<std::string> copied_;                           // backups and targets
  std::map<std::string, std::unique_ptr<Process>> lanes_;  // by target
};

}  // namespace

void tick(State& state) {
  recover(state, Reach::kHere);
  Tick(state, kLocalTarget).run();
  recover(state, Reach::kEverywhere);
}

void tick_lane(State& state, const std::string& target) { Tick(state, target).run_lane(); }

}  // namespace backups
