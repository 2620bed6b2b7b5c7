#include "copies/remove.hpp"

#include <algorithm>

#include "archive/written.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "copies/copy.hpp"
#include "copies/copying.hpp"
#include "host/stop_here.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

bool remains(const Copy& copy) {
  return copy.may_be_there() && copy.status != CopyStatus::kMissing;
}

/// A server takes the deletion of what is locked all the same, and only hides it.
void require_unlocked(Targets& targets, const Backup& backup, const Copy& copy) {
  std::optional<Time> until;
  try {
    if (auto* lock = targets.open(copy.target, copy.host).object_lock())
      until = lock->locked_until(key_of(backup.source, manifest_file(backup.id)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnreachable) throw;
    return;  // the deletion has the better words for it
  }
  if (!until) return;
  throw Error(
      ErrorKind::kRefused,
      "the copy of " + backup.id + " on " + copy.target + " is locked" +
          (*until == ObjectLock::kForever ? " by a legal hold" : " until " + rfc3339(*until)) +
          ": nothing was deleted");
}

/// False on a disk so full that not even this can be recorded before the files have gone.
template <typename Mark>
bool announce(const Mark& mark) {
  try {
    mark();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNoSpace) throw;
    return false;
  }
}

void require_certain(Identity& identity, const Backup& backup, const Copy& copy) {
  if (copy.target == kLocalTarget || !identity.read().doubts(copy.host)) return;
  throw Error(ErrorKind::kRefused,
              "the copy of " + backup.id + " on " + copy.target + " is stored below the name " +
                  copy.host +
                  ", which another machine may use too: nothing was deleted. Decide which machine "
                  "this is with " +
                  command("host") +
                  " --keep or --new; to delete only the copy on this host, add --target local");
}

/// The manifest last, which goes first.
std::vector<std::string> keys_of(const Backup& backup) {
  std::vector<std::string> keys;
  for (const auto& artifact : backup.artifacts)
    keys.push_back(key_of(backup.source, artifact.file));
  keys.push_back(key_of(backup.source, manifest_file(backup.id)));
  return keys;
}

bool is_any_there(Store& store, const std::vector<std::string>& keys) {
  return std::any_of(keys.rbegin(), keys.rend(), [&](const std::string& key) {
    try {
      return store.find(key).has_value();
    } catch (const KeyHidden&) {
      return true;  // as far as we know
    }
  });
}

bool at_once(const std::string& /*target*/, const std::function<void()>& work) {
  work();
  return true;
}

}  // namespace

void require_no_pin(const Paths& paths, const SettingsFile& settings_file, const Backup& backup) {
  const Settings settings = settings_file.read();
  if (!settings.is_pinned(backup.text())) return;
  if (settings.pins.contains(backup.text()))
    throw Error(ErrorKind::kRefused,
                backup.id + " is pinned; to unpin it: " + command("unpin") + " " + backup.text());
  throw Error(ErrorKind::kRefused,
              "cannot tell whether " + backup.id + " is pinned: 'pins' in " +
                  (paths.root / "settings.json").string() +
                  " is not valid, so nothing was deleted. Update the plugin or correct that entry");
}

/// Where a copy that is not removed stays, and why; empty for one that is ours to remove.
std::string Remover::reason_to_leave(const Copy& copy) const {
  if (copy.target == kLocalTarget) return "";
  if (!settings_.read().targets.contains(copy.target)) return "that target was removed";
  if (identity_.read().others.contains(copy.host))
    return "it is stored below the name of another host, " + copy.host;
  return "";
}

/// By what it has on this host.
void Remover::make_room(const Backup& backup) const {
  const auto keys = keys_of(backup);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) targets_.local().remove(*key);
}

void Remover::leave(const Backup& backup, const Copy& copy, const std::string& why) const {
  log::warn("The copy of " + backup.id + " on " + copy.target + " was not deleted: " + why);
  catalog_.open().mark_copy(backup, {copy.target, CopyStatus::kLeft, why, {}});
}

void Remover::discard_copy(const Backup& backup, const Copy& copy) const {
  Store& store = targets_.open(copy.target, copy.host);
  const auto keys = keys_of(backup);
  const bool there =
      copy.status == CopyStatus::kDeleting || backup.deleting || is_any_there(store, keys);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) store.remove(*key);
  const bool known = there || copy.status == CopyStatus::kMissing;  // for whoever deletes it
  catalog_.open().mark_copy(backup, {copy.target,
                                     known ? CopyStatus::kDeleted : CopyStatus::kMissing,
                                     there ? "" : "it was not there",
                                     {}});
  if (!known)
    log::warn("The copy of " + backup.id + " on " + copy.target +
              " no longer existed: nothing was deleted there");
  if (store.keeps_removed())
    log::warn("The bucket of " + copy.target +
              " is versioned: deleted files are only hidden there until a " +
              "lifecycle rule of the bucket removes them");
}

void Remover::close(const Backup& backup) const {
  catalog_.open().mark_deleted(backup, now());
  catalog_.open().record(backup, "deleted", "", now());
}

/// Looked at again once the row says what goes on: whoever pins looks at the row after the pin.
template <typename Undo>
void Remover::require_no_new_pin(const Backup& backup, const Undo& undo) const {
  try {
    require_no_pin(backup);
  } catch (const Error&) {
    undo();
    throw;
  }
}

void Remover::discard_copies(const Backup& backup, const AtTarget& at) const {
  bool all = true;
  for (const auto& copy : backup.copies) {
    if (copy.status == CopyStatus::kLeft) leave(backup, copy, copy.error);
    if (!copy.may_be_there()) continue;
    if (const std::string why = reason_to_leave(copy); !why.empty()) {
      leave(backup, copy, why);
    } else if (!at(copy.target, [&] { discard_copy(backup, copy); })) {
      all = false;
    }
  }
  if (all) close(backup);
}

void Remover::close_without_copies(const Backup& backup) const {
  const auto left = catalog_.open().find(backup.source.type, backup.id);
  if (left && std::none_of(left->copies.begin(), left->copies.end(), remains)) close(backup);
}

void Remover::require_no_pin(const Backup& backup) const {
  backups::require_no_pin(paths_, settings_, backup);
}

void Remover::remove_copy(const Backup& backup, const std::string& target) const {
  require_copy(backup, target);
  require_no_pin(backup);
  require_not_copied(paths_, backup);
  Copy copy = *backup.copy_on(target);
  require_certain(identity_, backup, copy);
  require_unlocked(targets_, backup, copy);
  const CopyStatus before = copy.status;
  // Not yet `deleting` for discard_copy(): then it would not look whether anything is there.
  const auto mark = [&] {
    catalog_.open().mark_copy(backup, {target, CopyStatus::kDeleting, copy.error, {}});
  };
  if (!announce(mark)) {
    if (target == kLocalTarget) make_room(backup);
    mark();
  }
  require_no_new_pin(backup, [&] {
    catalog_.open().mark_copy(backup, {target, before, copy.error, {}});
  });
  discard_copy(backup, copy);
  close_without_copies(backup);
}

void Remover::remove_backup(const Backup& backup) const {
  require_no_pin(backup);
  require_not_copied(paths_, backup);
  for (const auto& copy : backup.copies) {
    if (!copy.may_be_there()) continue;
    require_certain(identity_, backup, copy);
    if (reason_to_leave(copy).empty()) require_unlocked(targets_, backup, copy);
  }
  stop_here("remove");
  const auto mark = [&] { catalog_.open().mark_deleting(backup); };
  if (!announce(mark)) {
    make_room(backup);
    // A catalog that was lost meanwhile is made anew from the manifests that are left.
    if (!catalog_.open().find(backup.source.type, backup.id)) return;
    mark();
  }
  require_no_new_pin(backup, [&] { catalog_.open().mark_deleting(backup, false); });
  discard_copies(backup, at_once);
}

void Remover::finish(const Backup& backup, const AtTarget& at) const {
  if (backup.deleting) return discard_copies(backup, at);
  for (const auto& copy : backup.copies)
    if (copy.status == CopyStatus::kDeleting) at(copy.target, [&] { discard_copy(backup, copy); });
  close_without_copies(backup);
}

bool is_last_good(Catalog& catalog, const Backup& backup) {
  if (backup.status != BackupStatus::kSuccess) return false;
  Catalog::Filter filter;
  filter.source = backup.source;
  filter.status = BackupStatus::kSuccess;
  const auto good = catalog.list(filter);
  return std::none_of(good.begin(), good.end(), [&](const Backup& other) {
    return other.id != backup.id && !other.is_safety_or_final() && other.suspect.empty() &&
           !other.deleting && other.has_good_copy() && (backup.imported || !other.imported);
  });
}

}  // namespace backups
