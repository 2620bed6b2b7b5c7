#include "engine/prune.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/remove.hpp"
#include "engine/schedule.hpp"
#include "sys/file.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

constexpr const char* kScheduleGroup = "schedule ";
constexpr Time kRemembered = 365 * 86400;

std::string group_of(const Backup& backup) {
  return backup.schedule.empty() ? backup.trigger : kScheduleGroup + backup.schedule;
}

/// What group_of() made, taken apart again.
class Groups {
 public:
  Groups(const Settings& settings, const Source& source) : settings_(settings), source_(source) {}

  KeepRules rules(const std::string& group, const std::string& target) const {
    if (const Schedule* schedule = schedule_of(group)) return schedule->keep_at(target);
    // Of a schedule that is gone, as much stays as if it had never said how much.
    if (group.starts_with(kScheduleGroup)) return Schedule::default_keep();
    return settings_.keep_rules(source_.text(), group);
  }

  CivilTime civil(const std::string& group, Time time) {
    const Schedule* schedule = schedule_of(group);
    const std::string name = schedule == nullptr ? time_zone(settings_) : schedule->timezone;
    const auto zone = zones_.try_emplace(name, name).first;
    const LocalMinute local = zone->second.local(time);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date(day);
    return {int(date.year()), int(unsigned(date.month())), int(unsigned(date.day())),
            int(std::chrono::floor<std::chrono::hours>(local - day).count())};
  }

 private:
  const Schedule* schedule_of(const std::string& group) const {
    if (!group.starts_with(kScheduleGroup)) return nullptr;
    return settings_.find_schedule(source_, group.substr(std::string(kScheduleGroup).size()));
  }

  const Settings& settings_;
  Source source_;
  std::map<std::string, Zone> zones_;
};

bool is_there(const Copy& copy) {
  return copy.status == "success" || copy.status == "damaged" || copy.status == "missing";
}

std::optional<Time> locked_until(const Settings& settings, const Backup& backup, const Copy& copy) {
  const auto target = settings.targets.find(copy.target);
  if (target == settings.targets.end()) return std::nullopt;
  const auto days = target->second.find("object-lock-days");
  if (days == target->second.end()) return std::nullopt;
  const Time written = copy.tried_at.value_or(backup.finished_at.value_or(backup.started_at));
  return written + parse_number(days->second).value_or(0) * 86400;
}

RetentionItem item_of(const Settings& settings, const Backup& backup, const Copy& copy) {
  RetentionItem item;
  item.id = backup.id;
  item.group = group_of(backup);
  item.target = copy.target;
  item.at = backup.started_at;
  item.good = copy.status == "success";
  item.pinned = settings.pins.contains(backup.text());
  item.suspect = !backup.suspect.empty();
  item.spare = backup.is_spare();
  item.locked_until = locked_until(settings, backup, copy);
  return item;
}

/// A copy that sync --host took over is another host's to remove, and one on a target that was
/// removed is out of reach.
bool is_ours(const Settings& settings, const Copy& copy) {
  return copy.host.empty() &&
         (copy.target == kLocalTarget || settings.targets.contains(copy.target));
}

/// The whole backup, when no copy of it stays.
std::size_t remove_copies(State& state, const Backup& backup,
                          const std::vector<std::string>& targets) {
  const auto there = std::count_if(backup.copies.begin(), backup.copies.end(), is_there);
  if (static_cast<std::size_t>(there) == targets.size()) {
    remove_backup(state, backup);
    return targets.size();
  }
  for (const auto& target : targets) remove_copy(state, backup, target);
  return targets.size();
}

}  // namespace

std::vector<Judged> judge(State& state, const Source& source) {
  const Settings settings = state.settings();
  Catalog::Filter filter;
  filter.source = source;
  filter.status = "success";
  std::vector<Judged> judged;
  std::vector<RetentionItem> items;
  for (const auto& backup : state.catalog().list(filter)) {
    for (const auto& copy : backup.copies) {
      if (!is_there(copy) || !is_ours(settings, copy)) continue;
      judged.push_back({backup, copy.target, {}});
      items.push_back(item_of(settings, backup, copy));
    }
  }
  Groups groups(settings, source);
  const auto verdicts = retain(
      items, [&](const auto& group, const auto& target) { return groups.rules(group, target); },
      [&](const auto& group, Time time) { return groups.civil(group, time); }, now());
  for (std::size_t i = 0; i < judged.size(); ++i) judged[i].verdict = verdicts[i];
  return judged;
}

Pruned prune(State& state, const Source& source) {
  std::map<std::string, std::pair<Backup, std::vector<std::string>>> gone;
  for (const auto& one : judge(state, source)) {
    if (one.verdict.keep) continue;
    auto& [backup, targets] = gone[one.backup.id];
    backup = one.backup;
    targets.push_back(one.target);
  }
  Pruned pruned;
  for (const auto& [id, what] : gone) {
    try {
      pruned.removed += remove_copies(state, what.first, what.second);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      pruned.failed += what.second.size();
      log::warn(id + " can't be removed from " + join(what.second, ", ") + ": " + error.what());
    }
  }
  return pruned;
}

void forget_history(State& state) {
  for (const auto& backup : state.catalog().long_gone(now() - kRemembered)) {
    remove_durably(state.log_file(backup.source, backup.id));
    state.catalog().erase(backup);
  }
}

void end_stale_uploads(State& state) {
  const auto is_stale = [&](const std::string& key) {
    auto busy = state.catalog().in_progress();
    for (auto& backup : state.catalog().half_copied()) busy.push_back(std::move(backup));
    return std::none_of(busy.begin(), busy.end(), [&](const Backup& backup) {
      return key.starts_with(key_of(backup.source, backup.id + "."));
    });
  };
  for (const auto& [target, options] : state.settings().targets) {
    try {
      if (const auto ended = state.s3(target).end_uploads(is_stale); ended > 0)
        log::step("Ended " + std::to_string(ended) + " unfinished upload(s) on " + target);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      log::warn("Unfinished uploads on " + target + " can't be looked for: " + error.what());
    }
  }
}

}  // namespace backups
