#include "engine/verify.hpp"

#include "base/error.hpp"

namespace backups {

void require_content(const Backup& backup) {
  if (backup.deleted_at || backup.deleting)
    throw Error(ErrorKind::kNotFound, backup.id + " was deleted");
  if (backup.status == "in-progress")
    throw Error(ErrorKind::kNotFound, backup.id + " is not finished yet");
  if (backup.status != "success")
    throw Error(ErrorKind::kNotFound, backup.id + " failed: " + backup.error);
}

Manifest verify_backup(State& state, const Backup& backup, const Progress& progress) {
  require_content(backup);
  try {
    Manifest manifest = load_manifest(state.local(), backup.source, backup.id);
    verify_artifacts(state.local(), manifest, progress);
    state.catalog().mark_verified(backup, now());
    state.catalog().mark_copy(backup, {"local", "success", "", {}});
    return manifest;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kDamaged) {
      state.catalog().mark_copy(backup, {"local", "damaged", error.what(), {}});
      state.catalog().record(backup, "damaged", error.what(), now());
    }
    throw;
  }
}

}  // namespace backups
