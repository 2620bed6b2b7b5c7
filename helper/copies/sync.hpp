#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "host/identity.hpp"
#include "host/targets.hpp"

namespace backups {

/// The result of a sync, by ids of backups or keys of objects.
struct Synced {
  std::vector<std::string> adopted;     ///< new to the catalog
  std::vector<std::string> missing;     ///< in the catalog, but not on the target
  std::vector<std::string> damaged;     ///< a file is missing or has another size
  std::vector<std::string> unreadable;  ///< keys of manifests, each with the reason
  std::vector<std::string> unknown;     ///< keys that belong to no backup
  std::vector<std::string> foreign;     ///< written by another machine below a name of this host
  std::size_t found = 0;                ///< complete backups
};

/// Updates the catalog from the backups of `host` on a target (empty: below all names of this
/// host). Only manifests are read; artifacts are checked by their names and sizes. Needs no lock: a
/// row that another process changes meanwhile is left unchanged. Manifests are read in several
/// threads. Publishes BackupsChanged. Throws Error if the target cannot be listed or does not
/// answer.
Synced sync_target(Identity& identity, Targets& targets, CatalogFile& catalog, const Events& events,
                   const std::string& target, const std::string& host);

/// The names of the hosts that have backups on a target, in alphabetical order. Throws Error.
std::vector<std::string> hosts_on(Targets& targets, const std::string& target);

}  // namespace backups
