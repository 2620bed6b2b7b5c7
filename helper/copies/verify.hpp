#pragma once

#include <string>

#include "archive/artifact.hpp"
#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "host/targets.hpp"

namespace backups {

/// Reads every byte of a backup on `target`, compares sizes and digests, and records the outcome in
/// the catalog. Needs no lock. Returns the manifest. Throws Error: kNotFound if the backup has no
/// content (failed, deleted) or no copy there, kDamaged.
Manifest verify_backup(Targets& targets, CatalogFile& catalog, const Events& events,
                       const Backup& backup, const std::string& target, const Progress& progress);

/// Throws Error, kNotFound, unless the backup is a success that was not deleted.
void require_content(const Backup& backup);

}  // namespace backups
