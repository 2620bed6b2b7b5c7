#include "copies/verify.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "copies/copy.hpp"
#include "host/stop_here.hpp"
#include "sys/disk_space.hpp"

namespace backups {

void require_content(const Backup& backup) {
  if (backup.deleted_at || backup.deleting)
    throw Error(ErrorKind::kNotFound, backup.id + " was deleted");
  if (backup.status == BackupStatus::kInProgress)
    throw Error(ErrorKind::kNotFound, backup.id + " is not finished yet");
  if (backup.status != BackupStatus::kSuccess)
    throw Error(ErrorKind::kNotFound, backup.id + " failed: " + backup.error);
}

namespace {

/// A copy that failed has no files, and is not damaged because of that.
void require_made(const Backup& backup, const std::string& target) {
  require_copy(backup, target);
  const Copy& copy = *backup.copy_on(target);
  if (copy.status == CopyStatus::kFailed)
    throw Error(ErrorKind::kNotFound, "the copy of " + backup.id + " to " + target + " failed: " +
                                          copy.error + ". Try again: " + command("push") + " " +
                                          backup.text() + " --target " + target);
}

/// The advice for a damaged copy if another one is good; empty otherwise.
std::string other_copy_advice(const Backup& backup, const std::string& target) {
  for (const auto& copy : backup.copies) {
    if (copy.target == target || copy.status != CopyStatus::kSuccess) continue;
    return ". The copy on " + copy.target +
           " is recorded as good, and a restore uses it. To "
           "check it: " +
           command("verify") + " " + backup.text() + " --target " + copy.target +
           ". To replace the damaged copy by it: " + command("push") + " " + backup.text() +
           " --target " + target;
  }
  return {};
}

}  // namespace

Manifest verify_backup(Targets& targets, CatalogFile& catalog, const Events& events,
                       const Backup& backup, const std::string& target, const Progress& progress) {
  require_content(backup);
  require_made(backup, target);
  stop_here("verify");
  try {
    Store& store = store_of(targets, backup, target);
    Manifest manifest = known_manifest(events, store, backup, target);
    verify_artifacts(store, manifest, progress);
    // On a full disk, the result is reported without being recorded.
    record_if_space(backup.id + " is valid on " + target, [&] {
      catalog.open().mark_verified(backup, now());
      catalog.open().observe_copy(backup, {target, CopyStatus::kSuccess, "", {}});
    });
    return manifest;
  } catch (const Error& error) {
    mark_damage(catalog.open(), backup, target, error);
    const std::string advice = other_copy_advice(backup, target);
    if (error.kind() != ErrorKind::kDamaged || advice.empty()) throw;
    throw Error(ErrorKind::kDamaged, error.what() + advice);
  }
}

}  // namespace backups
