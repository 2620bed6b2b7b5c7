#include "engine/tick.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/copy.hpp"
#include "engine/create.hpp"
#include "engine/prune.hpp"
#include "engine/schedule.hpp"
#include "engine/target.hpp"
#include "sys/interrupt.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

constexpr Time kDay = 86400;
constexpr const char* kDailyChore = "prune";
/// A copy that failed is tried again after 5 minutes, then after 20, 80 and so on.
constexpr Time kFirstRetry = 5 * 60;
constexpr Time kLastRetry = 6 * 3600;
constexpr int kMostTries = 30;

struct Due {
  Schedule schedule;
  Time since;
};

std::vector<Due> all_due(State& state, const std::vector<Schedule>& schedules) {
  std::vector<Due> due;
  for (const auto& schedule : schedules) {
    const auto since = standing(state, schedule).due;
    if (since && *since <= now()) due.push_back({schedule, *since});
  }
  std::stable_sort(due.begin(), due.end(),
                   [](const Due& a, const Due& b) { return a.since < b.since; });
  return due;
}

void apply_retention(State& state, const Source& source) {
  const Pruned pruned = prune(state, source);
  if (pruned.removed > 0)
    log::step("Removed " + std::to_string(pruned.removed) +
              (pruned.removed == 1 ? " old copy of " : " old copies of ") + source.spelling());
}

void back_up(State& state, const Schedule& schedule) {
  log::step("Backing up " + schedule.source.spelling() + ", schedule " + schedule.id);
  const auto targets =
      schedule.targets.empty() ? default_targets(state, schedule.source) : schedule.targets;
  const Created created =
      create_backup(state, {schedule.source, "schedule", "", targets, schedule.id}, {});
  log::result("Backup " + created.manifest.id +
              " done: " + human_size(created.manifest.stored_size()));
  if (!created.manifest.suspect.empty())
    log::warn(created.manifest.id + " is suspect: " + created.manifest.suspect);
  for (const auto& [target, error] : created.failed_copies) log::warn(error.what());
  apply_retention(state, schedule.source);
}

/// What fails is in the catalog, and on its way to whoever is told.
template <typename Work>
void attempt(const std::string& what, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    log::warn(what + ": " + error.what());
  }
}

/// One of those that may work at once on this host.
std::optional<Lock> take_slot(const State& state, std::int64_t slots) {
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    auto lock = Lock::try_acquire(state.root() / "locks" / ("tick." + std::to_string(slot)),
                                  "process " + std::to_string(::getpid()));
    if (lock) return lock;
  }
  return std::nullopt;
}

/// Another process of this kind, for what this one does not come to at once.
std::unique_ptr<Process> start_another(const State& state) {
  Command command;
  command.argv = {"/proc/self/exe", "tick", "--root", state.root(), "--hooks", state.hooks()};
  command.environment = own_environment();
  return std::make_unique<Process>(command);
}

class Tick {
 public:
  explicit Tick(State& state) : state_(state), settings_(state.settings()) {}

  void run() {
    const auto slots = parse_number(settings_.get(Settings::kGlobal, "max-parallel"));
    std::unique_ptr<Process> another;
    if (const auto slot = take_slot(state_, slots.value())) {
      auto due = all_due(state_, settings_.schedules);
      if (due.size() > 1 && slots > 1) another = start_another(state_);
      for (; !due.empty(); due = all_due(state_, settings_.schedules)) {
        if (!run_first(due)) break;
      }
      retry_copies();
      prune_everything();
    }
    if (another) another->wait(std::chrono::hours(24 * 7));
  }

 private:
  /// The first that nobody is at and that was not tried yet; false when there is none.
  bool run_first(const std::vector<Due>& due) {
    for (const auto& [schedule, since] : due) {
      interrupt::check();
      if (!tried_.insert(schedule.text()).second) continue;
      const auto lock = state_.try_lock(schedule.source, "create");
      if (!lock) {
        log::warn(schedule.source.spelling() + " is busy: schedule " + schedule.id +
                  " waits for the next minute");
        continue;
      }
      // Somebody else may have done it since.
      const auto due_at = standing(state_, schedule).due;
      if (!due_at || *due_at > now()) continue;
      attempt(schedule.source.spelling(), [&] { back_up(state_, schedule); });
      return true;
    }
    return false;
  }

  void retry_copies() {
    for (const auto& backup : state_.catalog().badly_copied()) {
      for (const auto& copy : backup.copies) {
        if (copy.status != "failed" || !settings_.targets.contains(copy.target)) continue;
        if (copy.attempts < kMostTries && retry_at(copy) <= now()) retry(backup, copy.target);
      }
    }
  }

  static Time retry_at(const Copy& copy) {
    Time delay = kFirstRetry;
    for (int i = 1; i < copy.attempts && delay < kLastRetry; ++i) delay *= 4;
    return copy.tried_at.value_or(0) + std::min(delay, kLastRetry);
  }

  void retry(const Backup& backup, const std::string& target) {
    interrupt::check();
    const auto lock = state_.try_lock(backup.source, "push");
    if (!lock) return;
    attempt(backup.id, [&] {
      push_backup(state_, backup, target, {});
      log::result(backup.id + " is copied to " + target);
    });
  }

  void prune_everything() {
    const auto last = state_.catalog().done_at(kDailyChore);
    if (last && now() < *last + kDay) return;
    for (const auto& source : state_.catalog().sources()) {
      interrupt::check();
      if (const auto lock = state_.try_lock(source, "prune"))
        attempt(source.spelling(), [&] { apply_retention(state_, source); });
    }
    state_.catalog().mark_done(kDailyChore, now());
  }

  State& state_;
  Settings settings_;
  std::set<std::string> tried_;  // schedules, by text()
};

}  // namespace

void tick(State& state) { Tick(state).run(); }

}  // namespace backups
