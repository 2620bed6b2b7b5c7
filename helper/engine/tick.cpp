#include "engine/tick.hpp"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/chores.hpp"
#include "engine/alert.hpp"
#include "engine/deliver.hpp"
#include "engine/metrics.hpp"
#include "engine/prune.hpp"
#include "engine/recover.hpp"
#include "engine/schedule.hpp"
#include "engine/take.hpp"
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
      take_backup(state, {schedule.source, "schedule", "", targets, schedule.id}, {});
  log::result("Backup " + created.manifest.id +
              " done: " + human_size(created.manifest.stored_size()));
  if (!created.manifest.suspect.empty())
    log::warn(created.manifest.id + " is suspect: " + created.manifest.suspect);
  for (const auto& [target, error] : created.failed_copies) log::warn(error.what());
  apply_retention(state, schedule.source);
}

/// What fails is in the catalog, and on its way to whoever is told. What a person stops is that one
/// backup.
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

/// One of those that may work at once on this host.
std::optional<Lock> take_slot(const State& state, std::int64_t slots) {
  for (std::int64_t slot = 0; slot < slots; ++slot) {
    auto lock = Lock::try_acquire(state.root() / "locks" / ("tick." + std::to_string(slot)),
                                  "process " + std::to_string(::getpid()));
    if (lock) return lock;
  }
  return std::nullopt;
}

class Tick {
 public:
  explicit Tick(State& state) : state_(state) {}

  void run() {
    std::unique_ptr<Process> another;
    look();
    const auto slots = parse_number(settings_.get(Settings::kGlobal, "max-parallel")).value();
    if (const auto slot = take_slot(state_, slots)) {
      // For what this one does not come to at once.
      if (due().size() > 1 && slots > 1)
        another = std::make_unique<Process>(state_.helper_command("tick"));
      while (run_first(due())) look();
      retry_copies();
      attempt("the daily clean-up", [&] { prune_everything(); });
    }
    tell_silences();
    if (!tried_.empty()) tell_switch();
    attempt("alerts", [&] { deliver(state_); });
    if (another) another->wait(std::chrono::hours(24 * 7));
  }

 private:
  struct Seen {
    const Schedule* schedule;
    Standing standing;

    bool is_due() const { return standing.due && *standing.due <= now(); }
    bool succeeded() const { return standing.last && standing.last->status == "success"; }
  };

  /// As it is now: a backup may have taken hours.
  void look() {
    settings_ = state_.settings();
    seen_.clear();
    for (const auto& schedule : settings_.schedules)
      seen_.push_back({&schedule, standing(state_, schedule)});
  }

  /// The longest overdue first.
  std::vector<Seen> due() const {
    std::vector<Seen> due;
    std::copy_if(seen_.begin(), seen_.end(), std::back_inserter(due),
                 [](const Seen& seen) { return seen.is_due(); });
    std::stable_sort(due.begin(), due.end(), [](const Seen& a, const Seen& b) {
      return *a.standing.due < *b.standing.due;
    });
    return due;
  }

  /// The first that nobody is at and that was not tried yet; false when there is none.
  bool run_first(const std::vector<Seen>& due) {
    for (const auto& seen : due) {
      const Schedule& schedule = *seen.schedule;
      interrupt::check();
      if (tried_.contains(schedule.text())) continue;
      const auto lock = state_.try_lock(schedule.source, "create");
      if (!lock) {
        if (busy_.insert(schedule.text()).second)
          log::warn(schedule.source.spelling() + " is busy: schedule " + schedule.id +
                    " waits for the next minute");
        continue;
      }
      // Somebody else may have done it since.
      if (!Seen{&schedule, standing(state_, schedule)}.is_due()) continue;
      if (tried_.empty()) ping(state_, AlertKind::kStart, "");
      tried_.insert(schedule.text());
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
    // As it is now: the tick may have been at others for hours.
    const auto current = state_.catalog().find(backup.source.type, backup.id);
    const Copy* copy = current ? current->copy_on(target) : nullptr;
    if (copy == nullptr || copy->status != "failed" || current->deleted_at || current->deleting)
      return;
    attempt(backup.id, [&] {
      take_copy(state_, *current, target, {});
      log::result(backup.id + " is copied to " + target);
    });
  }

  void prune_everything() {
    const Chores chores(state_.catalog().database());
    if (now() < chores.done_at(kDailyChore) + kDay) return;
    for (const auto& source : state_.catalog().sources()) {
      interrupt::check();
      if (const auto lock = state_.try_lock(source, "prune"))
        attempt(source.spelling(), [&] { apply_retention(state_, source); });
    }
    end_stale_uploads(state_);
    forget_history(state_);
    chores.mark_done(kDailyChore, now());
    write_metrics(state_);
  }

  /// Of what should have been backed up long ago.
  void tell_silences() {
    for (const auto& seen : seen_) {
      if (is_silent(seen)) {
        raise_alert(state_,
                    silence(*seen.schedule, "no backup since " + last_success(*seen.schedule)));
      } else if (seen.succeeded() && tried_.contains(seen.schedule->text())) {
        clear_alert(state_, silence(*seen.schedule, "backed up again"));
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
    return !well && backups::is_silent(state_, *seen.schedule, now());
  }

  std::string last_success(const Schedule& schedule) const {
    const auto last = state_.catalog().last_success(schedule.source, schedule.id);
    return last ? rfc3339(*last) : "it was set, " + rfc3339(schedule.since);
  }

  /// Good news only while every schedule is well.
  void tell_switch() {
    for (const auto& seen : seen_) {
      const bool failed = seen.standing.last && seen.standing.last->status == "failed";
      if (!seen.schedule->paused.empty() || (!failed && !is_silent(seen))) continue;
      return ping(state_, AlertKind::kFailure, seen.schedule->text() + " is not backed up");
    }
    ping(state_, AlertKind::kSuccess, "");
  }

  State& state_;
  Settings settings_;
  std::vector<Seen> seen_;
  std::set<std::string> tried_;  // schedules, by text()
  std::set<std::string> busy_;
};

}  // namespace

void tick(State& state) {
  recover(state);
  Tick(state).run();
}

}  // namespace backups
