#pragma once

#include <map>
#include <string>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "copies/copy.hpp"
#include "sys/lock.hpp"

namespace backups {

/// A backup that was taken, and the copies to further targets that failed.
struct Created {
  Manifest manifest;
  std::map<std::string, Error> failed_copies;  ///< by target
};

/// Like create_backup(), and publishes the outcome, BackupMade or BackupFailed, for alerts and
/// metrics. Throws Error.
Manifest run_first_copy(State& state, const CreateRequest& request, const Progress& progress);

/// Does the same, then copies the backup to its other targets. `lock` is that of the source; it is
/// released once the first target has the backup, since copies may take hours. Throws Error if
/// there is no backup. Copies that failed, and those that a request to stop prevented, are in
/// `failed_copies`.
Created run_backup(State& state, Lock lock, const CreateRequest& request, const Progress& progress);

/// Like push_backup(), and publishes the outcome, CopyEnded. `lock` is that of the source; it is
/// released once the copy has begun. Throws Error, kBusy if another process copies that backup to
/// that target.
Pushed run_copy(State& state, Lock lock, const Backup& backup, const std::string& target,
                const Progress& progress);

}  // namespace backups
