#include "retention/prune.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "backup/suspect.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "copies/remove.hpp"
#include "copies/strangers.hpp"
#include "host/identity.hpp"
#include "model/backup_id.hpp"
#include "model/schedule.hpp"
#include "notify/watch.hpp"
#include "sys/file.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

constexpr const char* kScheduleGroup = "schedule ";
constexpr Time kHistoryPeriod = 365 * 86400;
constexpr Time kAnotherMayBeAtWork = 2 * 86400;
constexpr std::size_t kLengthOfTime = 19;  // of the time at the end of an id

/// Backups are counted in groups, so that many manual ones, for example, do not displace those of a
/// schedule.
std::string group_of(const Backup& backup) {
  return backup.schedule.empty() ? kTriggers[backup.trigger] : kScheduleGroup + backup.schedule;
}

/// Finds the rules and the time zone of a group that group_of() named.
class Groups {
 public:
  Groups(const Settings& settings, const Source& source)
      : settings_(settings), source_(source), zone_(time_zone(settings)) {}

  KeepRules rules(const std::string& group, const std::string& target) const {
    if (const Schedule* schedule = schedule_of(group)) return schedule->keep_at(target);
    // A schedule that was removed keeps what a schedule without rules of its own would keep.
    if (group.starts_with(kScheduleGroup)) return Schedule::default_keep();
    return settings_.keep_rules(source_.text(), group);
  }

  CivilTime civil(const std::string& group, Time time) {
    const Schedule* schedule = schedule_of(group);
    const LocalMinute local = (schedule == nullptr ? zone_ : zone_of(*schedule)).local(time);
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
  Zone zone_;
};

/// An estimate for Object Lock, by the setting of the target and the time of the copy: asking the
/// server for every copy would take too long. The removal asks it (copies/remove.cpp).
std::optional<Time> locked_until(const Settings& settings, const Backup& backup, const Copy& copy) {
  const auto target = settings.targets.find(copy.target);
  if (target == settings.targets.end()) return std::nullopt;
  const auto days = target->second.find("object-lock-days");
  if (days == target->second.end()) return std::nullopt;
  const Time written = copy.tried_at.value_or(backup.finished_at);
  return written + parse_number(days->second).value_or(0) * 86400;
}

RetentionItem item_of(const Settings& settings, const Backup& backup, const Copy& copy) {
  RetentionItem item;
  item.id = backup.id;
  item.group = group_of(backup);
  item.target = copy.target;
  item.sequence = backup.sequence;
  item.at = backup.started_at;
  item.good = copy.status == CopyStatus::kSuccess;
  item.pinned = settings.is_pinned(backup.text());
  item.suspect = !backup.suspect.empty();
  item.safety_or_final = backup.is_safety_or_final();
  item.locked_until = locked_until(settings, backup, copy);
  return item;
}

/// False for copies that this host must not remove: those of another host (imported with sync
/// --host), those below a name that a clone of this machine may use too, and those on a target
/// that was removed.
bool is_own_copy(const Settings& settings, const HostIdentity& host, const Copy& copy) {
  if (copy.target == kLocalTarget) return true;
  return settings.targets.contains(copy.target) && (copy.host.empty() || host.owns(copy.host));
}

/// A backup to remove from these targets, which may be all that have it.
struct Gone {
  Backup backup;
  std::vector<std::string> targets;
};

/// Removes the backup as a whole if these are all of its copies, so that its row shows the deletion
/// before the first file is removed. Returns how many copies the catalog then records as deleted:
/// one that was not there, or belongs to another host, does not count.
std::size_t remove_copies(const Remover& remover, CatalogFile& catalog, const Gone& gone) {
  const auto& copies = gone.backup.copies;
  const auto there = std::count_if(copies.begin(), copies.end(), std::mem_fn(&Copy::was_made));
  if (static_cast<std::size_t>(there) == gone.targets.size()) {
    remover.remove_backup(gone.backup);
  } else {
    for (const auto& target : gone.targets) remover.remove_copy(gone.backup, target);
  }
  const auto now = catalog.open().find(gone.backup.source.type, gone.backup.id);
  return static_cast<std::size_t>(
      std::count_if(gone.targets.begin(), gone.targets.end(), [&](const std::string& target) {
        const Copy* copy = now ? now->copy_on(target) : nullptr;
        return copy != nullptr && copy->status == CopyStatus::kDeleted;
      }));
}

/// The targets and host names of all off-site copies to remove.
Places places_of(const std::map<std::string, Gone>& gone) {
  Places places;
  for (const auto& [id, what] : gone)
    for (const auto& target : what.targets)
      if (target != kLocalTarget) places.emplace(target, what.backup.copy_on(target)->host);
  return places;
}

}  // namespace

std::vector<RetentionVerdict> evaluate_retention(const Paths& paths,
                                                 const SettingsFile& settings_file,
                                                 Identity& identity, CatalogFile& catalog,
                                                 const Source& source) {
  const Settings settings = settings_file.read();
  // Reading the identity may give this host a name, which it does not need without targets.
  const HostIdentity host = settings.targets.empty() ? settings.host : identity.read();
  Catalog::Filter filter;
  filter.source = source;
  filter.status = BackupStatus::kSuccess;
  std::vector<RetentionVerdict> evaluated;
  std::vector<RetentionItem> items;
  for (const auto& backup : catalog.open().list(filter)) {
    for (const auto& copy : backup.copies) {
      if (!copy.was_made() || !is_own_copy(settings, host, copy)) continue;
      evaluated.push_back({backup, copy.target, {}});
      items.push_back(item_of(settings, backup, copy));
    }
  }
  const auto protected_ones = protected_backups(paths, catalog.open(), source);
  for (auto& item : items)
    if (const auto found = protected_ones.find(item.id); found != protected_ones.end())
      item.protected_until = found->second;
  Groups groups(settings, source);
  // The decision itself is a pure function (model/retention.cpp). Everything above collects what it
  // may know, and everything in prune() carries it out.
  const auto verdicts = retain(
      items, [&](const auto& group, const auto& target) { return groups.rules(group, target); },
      [&](const auto& group, Time time) { return groups.civil(group, time); },
      {now(), has_leapt(catalog.open())});
  for (std::size_t i = 0; i < evaluated.size(); ++i) evaluated[i].verdict = verdicts[i];
  return evaluated;
}

namespace {

/// What an evaluation was based on, to notice changes by other processes: a pin is added, or verify
/// or sync finds the copy damaged or missing that was to be the newest good one.
struct Basis {
  std::string settings;
  const Catalog* catalog;  ///< another one after the file was replaced
  std::int64_t version;    ///< does not change with what this process writes

  bool operator==(const Basis&) const = default;
};

Basis current_basis(const SettingsFile& settings, CatalogFile& catalog_file) {
  Catalog& catalog = catalog_file.open();
  Statement version(catalog.database(), "PRAGMA data_version");
  version.step();
  return {settings.read().to_text(), &catalog, version.number(0)};
}

std::map<std::string, Gone> find_gone(const std::vector<RetentionVerdict>& evaluated) {
  std::map<std::string, Gone> gone;
  for (const auto& one : evaluated) {
    if (one.verdict.keep) continue;
    gone[one.backup.id].backup = one.backup;
    gone[one.backup.id].targets.push_back(one.target);
  }
  return gone;
}

}  // namespace

/// Evaluates the rules for all copies of the source at once, since what is kept depends on the
/// other copies. Before anything is removed, the places are checked for manifests of a clone of
/// this machine, whose backups must not be pruned by our rules.
///
/// One backup is removed at a time. A copy that cannot be removed stops only itself. If another
/// process changed something meanwhile, the rules are evaluated again before the next removal;
/// `tried` guarantees that this ends.
Pruned prune(State& state, const Source& source) {
  const Remover remover(state.paths, state.settings, state.identity, state.targets, state.catalog);
  Pruned pruned;
  std::set<std::string> tried;
  const auto find = [&] {
    return find_gone(
        evaluate_retention(state.paths, state.settings, state.identity, state.catalog, source));
  };
  auto gone = find();
  notice_strangers(state.identity, state.targets, state.catalog, source, places_of(gone));
  std::optional<Basis> basis;
  for (;;) {
    if (auto now = current_basis(state.settings, state.catalog); now != basis) {
      basis = std::move(now);
      gone = find();
    }
    const auto next = std::find_if(gone.begin(), gone.end(),
                                   [&](const auto& one) { return !tried.contains(one.first); });
    if (next == gone.end()) break;
    const auto& [id, what] = *next;
    tried.insert(id);
    try {
      pruned.removed += remove_copies(remover, state.catalog, what);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      if (error.kind() == ErrorKind::kBusy) {
        log::step(id + " is kept for now: " + error.what());
        continue;
      }
      pruned.failed += what.targets.size();
      log::warn(id + " could not be removed from " + join(what.targets, ", ") + ": " +
                error.what());
    }
  }
  if (!tried.empty()) state.events.publish(BackupsChanged{});
  return pruned;
}

void prune_and_report(State& state, const Source& source) {
  const Pruned pruned = prune(state, source);
  if (pruned.removed > 0)
    log::step("Removed " + std::to_string(pruned.removed) +
              (pruned.removed == 1 ? " old copy of " : " old copies of ") + source.spelling());
}

/// After the clock jumped ahead, "a year ago" may be wrong, and history cannot be restored.
void forget_history(const Paths& paths, CatalogFile& catalog) {
  if (has_leapt(catalog.open())) return;
  for (const auto& backup : catalog.open().expired_rows(now() - kHistoryPeriod)) {
    remove_durably(paths.log_file(backup.source, backup.id));
    catalog.open().erase(backup);
  }
}

namespace {

/// An upload for a backup that this host does not know may belong to a clone of this machine.
/// It is stale only after two days: a clone is detected earlier, by the backups it has finished.
bool is_stale_upload(Catalog& catalog, const std::string& key) {
  auto busy = catalog.in_progress();
  for (auto& backup : catalog.unfinished_copies()) busy.push_back(std::move(backup));
  const auto parts = split(key, '/');
  if (parts.size() != 3) return false;
  const std::string id = parts[2].substr(0, parts[1].size() + kLengthOfTime + 1);
  const auto is_same_source = [&](const Backup& backup) {
    return backup.id == id && backup.source.type == parts[0];
  };
  if (std::any_of(busy.begin(), busy.end(), is_same_source)) return false;
  const auto made = parse_id(id);
  return !made || catalog.find(parts[0], id) || made->time < now() - kAnotherMayBeAtWork;
}

}  // namespace

/// The parts of an unfinished upload are stored, and paid for, but invisible in listings. A process
/// that died may have left one that it had no time to note.
void end_stale_uploads(Identity& identity, Targets& targets, CatalogFile& catalog,
                       const std::string& target) {
  const auto is_stale = [&](const std::string& key) {
    return is_stale_upload(catalog.open(), key);
  };
  try {
    std::size_t ended = 0;
    for (const auto& name : identity.read().names)
      if (auto* sweeper = targets.open(target, name).upload_sweeper())
        ended += sweeper->end_uploads(is_stale);
    if (ended > 0)
      log::step("Aborted " + std::to_string(ended) + " unfinished upload(s) on " + target);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    log::warn("Could not look for unfinished uploads on " + target + ": " + error.what());
  }
}

}  // namespace backups
