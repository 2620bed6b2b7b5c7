#pragma once

#include <map>
#include <string>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "copies/copy.hpp"
#include "sys/lock.hpp"

namespace backups {

/// What became of a backup: its manifest, and why copies beyond the first failed.
struct Created {
  Manifest manifest;
  std::map<std::string, Error> failed_copies;  ///< by target
};

/// create_backup() for one that people count on: publishes what came of it. Throws Error.
Manifest run_first_copy(State& state, const CreateRequest& request, const Progress& progress);

/// The same, and the copies on its other targets. `lock` is that of the source, and is let go as
/// soon as the first target has the backup: copies may take hours. Throws Error where there is no
/// backup; a copy that fails, or that a stop was asked for, is in `failed_copies`.
Created run_backup(State& state, Lock lock, const CreateRequest& request, const Progress& progress);

/// push_backup() in the same way: `lock`, of the source, is held while it begins. Throws Error,
/// kBusy, where another process copies that backup to that target.
Pushed run_copy(State& state, Lock lock, const Backup& backup, const std::string& target,
                const Progress& progress);

}  // namespace backups
