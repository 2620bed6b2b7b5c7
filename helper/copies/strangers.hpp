#pragma once

#include <set>
#include <string>
#include <utility>

#include "host/catalog_file.hpp"
#include "host/identity.hpp"
#include "host/targets.hpp"
#include "model/manifest.hpp"

namespace backups {

/// True if a manifest below a name of this host was written by another machine, which is a clone of
/// this one. The names of this host are then in doubt until a person decides (backups:host).
bool is_strangers(Identity& identity, const Manifest& manifest, const std::string& target);

/// Where the copies of a source are: target, and host name on it.
using Places = std::set<std::pair<std::string, std::string>>;

/// Checks these places for manifests that the catalog does not know, before anything is removed.
/// A place that does not answer is passed over, since the removal that follows reports it. Throws
/// Error if a doubt could not be recorded: then nothing may be removed.
void notice_strangers(Identity& identity, Targets& targets, CatalogFile& catalog,
                      const Source& source, const Places& places);

}  // namespace backups
