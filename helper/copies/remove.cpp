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

/// True if there may be files that nobody has removed yet.
bool remains(const Copy& copy) {
  return copy.may_be_there() && copy.status != CopyStatus::kMissing;
}

/// Asks the server whether a copy is locked: in a versioned bucket it accepts the deletion of a
/// locked object, and only hides it.
void require_unlocked(Targets& targets, const Backup& backup, const Copy& copy) {
  std::optional<Time> until;
  try {
    if (auto* lock = targets.open(copy.target, copy.host).object_lock())
      until = lock->locked_until(key_of(backup.source, manifest_file(backup.id)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnreachable) throw;
    return;  // the deletion fails too, with a better message
  }
  if (!until) return;
  throw Error(
      ErrorKind::kRefused,
      "the copy of " + backup.id + " on " + copy.target + " is locked" +
          (*until == ObjectLock::kForever ? " by a legal hold" : " until " + rfc3339(*until)) +
          ": nothing was deleted");
}

/// Records a removal before it begins. Returns false if the disk is so full that even this fails:
/// then files on this disk must be removed first.
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

/// On a clone of a machine, the copies may be those of the other machine.
void require_certain(Identity& identity, const Backup& backup, const Copy& copy) {
  if (copy.target == kLocalTarget || !identity.read().is_doubtful(copy.host)) return;
  throw Error(ErrorKind::kRefused,
              "the copy of " + backup.id + " on " + copy.target + " is stored below the name " +
                  copy.host +
                  ", which another machine may use too: nothing was deleted. Decide which machine "
                  "this is with " +
                  command("host") +
                  " --keep or --new; to delete only the copy on this host, add --target local");
}

/// The keys in the order in which they were written. They are removed in reverse: without its
/// manifest, nothing looks like a backup.
std::vector<std::string> keys_of(const Backup& backup) {
  std::vector<std::string> keys;
  for (const auto& artifact : backup.artifacts)
    keys.push_back(key_of(backup.source, artifact.file));
  keys.push_back(key_of(backup.source, manifest_file(backup.id)));
  return keys;
}

/// If the credentials do not allow to look, the answer is yes: the removal has to be tried.
bool is_any_there(Store& store, const std::vector<std::string>& keys) {
  return std::any_of(keys.rbegin(), keys.rend(), [&](const std::string& key) {
    try {
      return store.find(key).has_value();
    } catch (const KeyHidden&) {
      return true;
    }
  });
}

/// Does the work of a removal that is recorded. A failure or a request to stop does not undo it.
template <typename Work>
void begun(const Backup& backup, const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    throw Error(error.kind(), error.what() + (". The removal of " + backup.id) +
                                  " has begun, and the tick completes it");
  }
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

/// Why a copy is not removed; empty for one that is ours to remove.
std::string Remover::reason_to_leave(const Copy& copy) const {
  if (copy.target == kLocalTarget) return "";
  if (!settings_.read().targets.contains(copy.target)) return "that target was removed";
  if (identity_.read().others.contains(copy.host))
    return "it is stored below the name of another host, " + copy.host;
  return "";
}

/// Removes the files of the backup on this host, to free disk space for recording that.
void Remover::make_room(const Backup& backup) const {
  const auto keys = keys_of(backup);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) targets_.local().remove(*key);
}

void Remover::leave(const Backup& backup, const Copy& copy, const std::string& why) const {
  log::warn("The copy of " + backup.id + " on " + copy.target + " was not deleted: " + why);
  catalog_.open().mark_copy(backup, {copy.target, CopyStatus::kLeft, why, {}});
}

/// Removes the files of one copy and records whether there were any: a copy that somebody else had
/// removed is missing, not deleted. That cannot be known for a removal that is repeated.
void Remover::discard_copy(const Backup& backup, const Copy& copy) const {
  Store& store = targets_.open(copy.target, copy.host);
  const auto keys = keys_of(backup);
  const bool there =
      copy.status == CopyStatus::kDeleting || backup.deleting || is_any_there(store, keys);
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) store.remove(*key);
  // A copy that was already recorded as missing counts as deleted now, and so does one whose
  // attempts failed: it must neither be tried again nor be called missing.
  const bool known =
      there || copy.status == CopyStatus::kMissing || copy.status == CopyStatus::kFailed;
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

/// Looks for a pin again once the row is marked. `pin` checks the row after it has pinned, so that
/// one of the two notices the other, whatever the order.
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

/// Marks the backup as deleted if its last copy was removed.
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
  // `copy` keeps the status from before this mark, so that discard_copy() checks whether there are
  // any files.
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
  begun(backup, [&] { discard_copy(backup, copy); });
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
    // A catalog that was lost is rebuilt from the manifests, and this one is gone.
    if (!catalog_.open().find(backup.source.type, backup.id)) return;
    mark();
  }
  require_no_new_pin(backup, [&] { catalog_.open().mark_deleting(backup, false); });
  begun(backup, [&] { discard_copies(backup, at_once); });
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
