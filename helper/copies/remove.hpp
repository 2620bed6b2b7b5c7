#pragma once

#include <functional>
#include <string>

#include "host/state.hpp"

namespace backups {

/// Removes the files of a backup and keeps its row. The row is marked first, then the manifest is
/// removed, then the artifacts, so that a crash leaves nothing that looks complete. Only files that
/// the backup is known to have are removed. A copy that does not exist or belongs to another host
/// is reported and not recorded as deleted. The caller holds the lock of the source. Throws Error;
/// before anything is changed, kRefused if a copy is locked, the backup is pinned, or a copy lies
/// below a name that another machine may use, and kBusy while another process copies the backup.
void remove_backup(State& state, const Backup& backup);

/// Removes one copy, or the whole backup if it is the last copy. Throws Error as remove_backup().
void remove_copy(State& state, const Backup& backup, const std::string& target);

/// Does `work` on a target, or postpones it and returns false.
using AtTarget = std::function<bool(const std::string& target, const std::function<void()>& work)>;

/// Completes a removal whose process died, except on targets for which `at` postpones it.
void finish_removal(State& state, const Backup& backup, const AtTarget& at);

/// Throws Error, kRefused, if the backup is pinned, or if the list of pins cannot be read.
void require_no_pin(const Paths& paths, const SettingsFile& settings_file, const Backup& backup);

/// True if the source has no other good backup, not counting deleted and safety backups.
bool is_last_good(Catalog& catalog, const Backup& backup);

}  // namespace backups
