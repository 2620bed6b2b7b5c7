#pragma once

#include <functional>
#include <string>

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "host/paths.hpp"
#include "host/targets.hpp"

namespace backups {

/// Thrown by the callback of try_copies() if no other copy would help.
class StopFallback : public Error {
 public:
  explicit StopFallback(const Error& error) : Error(error.kind(), error.what()) {}
};

/// Calls `use` with the nearest target that has a good copy, and falls back to the next one if that
/// copy is damaged or cannot be reached, which is reported and recorded. Throws what `use` threw
/// last. The target `except` is not tried.
void try_copies(Targets& targets, CatalogFile& catalog, const Backup& backup,
                const std::function<void(Store&, const std::string& target)>& use,
                const std::string& except = {});

/// The store of a backup's copy on a target, below the host name that the copy's row records. Owned
/// by `targets`. Throws Error.
Store& store_of(Targets& targets, const Backup& backup, const std::string& target);

/// The manifest of a copy, compared with the digest that the catalog has of it. Throws Error,
/// kDamaged; a manifest that is not the one that was written is also published as a problem.
Manifest known_manifest(const Events& events, Store& store, const Backup& backup,
                        const std::string& target);

/// False if this is not the manifest that was written for the backup, as far as the catalog knows.
bool is_known_manifest(const Backup& backup, const Manifest& manifest);
/// Publishes that a copy was replaced, and returns the message.
std::string publish_tampering(const Events& events, const Backup& backup,
                              const std::string& target);

/// The target to read from first: that of the nearest good copy, otherwise of one that may have
/// been repaired since; `local` if there is none.
std::string nearest(const Backup& backup);

/// Throws Error, kNotFound, unless the backup has a copy on `target` that was not deleted.
void require_copy(const Backup& backup, const std::string& target);

/// Records that a copy is damaged, if `error` is of the kind kDamaged.
void mark_damage(Catalog& catalog, const Backup& backup, const std::string& target,
                 const Error& error);

/// The committed manifest, from the nearest copy that has it (try_copies()). Throws Error.
Manifest any_manifest(Targets& targets, CatalogFile& catalog, const Events& events,
                      const Backup& backup);

/// The outcome of push_backup().
enum class Pushed {
  kCopied,
  kAdopted,  ///< the same backup was already there
};

/// Copies a backup to another target, below the name of the host that made it, artifacts first and
/// the manifest last, and checks every byte that is read. A copy that fails removes only the files
/// that it has written. A different backup of the same name is left unchanged (Error, kRefused).
/// The outcome is recorded in the row of the copy. The caller holds a Copying of the backup. Throws
/// Error.
Pushed push_backup(const Paths& paths, Targets& targets, CatalogFile& catalog, const Events& events,
                   const Backup& backup, const std::string& target, const Progress& progress);

/// Records a copy whose manifest is written, with the origin of the credentials that were used, and
/// writes the note for restoring without this plugin (RECOVERY.md) if the target has none.
void record_copy(Targets& targets, CatalogFile& catalog, const Backup& backup,
                 const std::string& target, const std::string& host, const std::string& etag);

}  // namespace backups
