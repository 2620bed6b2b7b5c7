#include "engine/remove.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "engine/copy.hpp"
#include "engine/writer.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"

namespace backups {

namespace {

/// A server takes the deletion of what is locked all the same, and only hides it.
void require_unlocked(State& state, const Backup& backup, const std::string& target) {
  std::optional<Time> until;
  try {
    until = store_of(state, backup, target)
                .locked_until(key_of(backup.source, manifest_file(backup.id)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnreachable) throw;
    return;  // the deletion has the better words for it
  }
  if (!until || *until <= now()) return;
  throw Error(ErrorKind::kRefused,
              "the copy of " + backup.id + " on " + target + " is locked" +
                  (*until == Store::kForever ? " by a legal hold" : " until " + rfc3339(*until)) +
                  " and stays: nothing is deleted");
}

/// False on a disk so full that not even this can be recorded before the files have gone.
bool announce(State& state, const Backup& backup) {
  try {
    state.catalog().mark_deleting(backup);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNoRoom) throw;
    return false;
  }
}

void discard_copy(State& state, const Backup& backup, const std::string& target) {
  Store& store = store_of(state, backup, target);
  discard_files(store, backup.source, backup.id);
  state.catalog().mark_copy(backup, {target, "deleted", "", {}});
  if (store.keeps_removed())
    log::warn("The bucket of " + target +
              " keeps versions: what was deleted is hidden there until a " +
              "lifecycle rule of the bucket ends it");
}

}  // namespace

void remove_copy(State& state, const Backup& backup, const std::string& target) {
  require_unlocked(state, backup, target);
  discard_copy(state, backup, target);
}

void remove_backup(State& state, const Backup& backup) {
  const Settings settings = state.settings();
  for (const auto& copy : backup.copies)
    if (copy.status != "deleted" && settings.targets.contains(copy.target))
      require_unlocked(state, backup, copy.target);
  if (!announce(state, backup)) {
    discard_files(state.local(), backup.source, backup.id);
    // A catalog that was lost meanwhile is made anew from the manifests that are left.
    if (!state.catalog().find(backup.source.type, backup.id)) return;
    state.catalog().mark_deleting(backup);
  }
  for (const auto& copy : backup.copies) {
    if (copy.status == "deleted") continue;
    if (copy.target == kLocalTarget || settings.targets.contains(copy.target)) {
      discard_copy(state, backup, copy.target);
    } else {
      log::warn("The copy of " + backup.id + " on " + copy.target +
                " stays where it is: that target was removed");
    }
  }
  state.catalog().mark_deleted(backup, now());
  state.catalog().record(backup, "deleted", "", now());
}

bool is_last_good(State& state, const Backup& backup) {
  if (backup.status != "success") return false;
  Catalog::Filter filter;
  filter.source = backup.source;
  filter.status = "success";
  const auto good = state.catalog().list(filter);
  return std::none_of(good.begin(), good.end(), [&](const Backup& other) {
    return other.id != backup.id && !other.is_spare() && other.suspect.empty() && !other.deleting &&
           other.has_good_copy();
  });
}

}  // namespace backups
