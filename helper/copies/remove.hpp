#pragma once

#include <functional>
#include <string>

#include "host/catalog_file.hpp"
#include "host/identity.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "host/targets.hpp"
#include "model/backup.hpp"

namespace backups {

/// Does `work` on a target, or postpones it and returns false. Throws what `work` throws.
using AtTarget = std::function<bool(const std::string& target, const std::function<void()>& work)>;

/// Removes the files of backups and keeps their rows. The row is marked first, then the manifest is
/// removed, then the artifacts, so that a crash leaves nothing that looks complete. Only files that
/// the backup is known to have are removed. A copy that does not exist or belongs to another host
/// is reported and not recorded as deleted. The caller holds the lock of the source and publishes
/// BackupsChanged.
class Remover {
 public:
  /// What is passed in must outlive this.
  Remover(const Paths& paths, const SettingsFile& settings, Identity& identity, Targets& targets,
          CatalogFile& catalog)
      : paths_(paths),
        settings_(settings),
        identity_(identity),
        targets_(targets),
        catalog_(catalog) {}

  /// Throws Error; before anything is changed, kRefused if a copy is locked, the backup is pinned,
  /// or a copy lies below a name that another machine may use, and kBusy while another process
  /// copies the backup.
  void remove_backup(const Backup& backup) const;

  /// Removes one copy, or the whole backup if it is the last copy. Throws Error as remove_backup().
  void remove_copy(const Backup& backup, const std::string& target) const;

  /// Completes a removal whose process died, except on targets for which `at` postpones it. Throws
  /// Error.
  void finish(const Backup& backup, const AtTarget& at) const;

 private:
  void require_no_pin(const Backup& backup) const;
  template <typename Undo>
  void require_no_new_pin(const Backup& backup, const Undo& undo) const;
  std::string reason_to_leave(const Copy& copy) const;
  void make_room(const Backup& backup) const;
  void leave(const Backup& backup, const Copy& copy, const std::string& why) const;
  void discard_copy(const Backup& backup, const Copy& copy) const;
  void discard_copies(const Backup& backup, const AtTarget& at) const;
  void close(const Backup& backup) const;
  void close_without_copies(const Backup& backup) const;

  const Paths& paths_;
  const SettingsFile& settings_;
  Identity& identity_;
  Targets& targets_;
  CatalogFile& catalog_;
};

/// Throws Error, kRefused, if the backup is pinned, or if the list of pins cannot be read.
void require_no_pin(const Paths& paths, const SettingsFile& settings_file, const Backup& backup);

/// True if the source has no other good backup, not counting deleted and safety backups.
bool is_last_good(Catalog& catalog, const Backup& backup);

}  // namespace backups
