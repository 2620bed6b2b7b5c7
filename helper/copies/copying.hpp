#pragma once

#include <string>

#include "host/paths.hpp"
#include "host/run.hpp"
#include "model/backup.hpp"
#include "sys/lock.hpp"

namespace backups {

/// Marks a backup as being copied, as long as it exists, so that no other process removes the
/// backup. The source itself is not locked meanwhile, since an upload may take hours and other
/// backups must go on. The mark is a run, which ends with its process.
class Copying {
 public:
  /// Releases `lock`, of the source, once the mark is visible. An empty `target` stands for
  /// several. Throws Error, kBusy, if another process copies the backup there.
  Copying(const Paths& paths, Lock lock, const Backup& backup, const std::string& target);

 private:
  Run run_;
};

/// True while a process copies the backup, to `target` if one is given. The answer lasts only while
/// the caller holds the lock of the source.
bool is_being_copied(const Paths& paths, const Backup& backup, const std::string& target = {});

/// Throws Error, kBusy, naming the process, while is_being_copied().
void require_not_copied(const Paths& paths, const Backup& backup, const std::string& target = {});

}  // namespace backups
