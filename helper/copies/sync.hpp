#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/state.hpp"

namespace backups {

/// What a look into a target showed, each by its id or key.
struct Synced {
  std::vector<std::string> adopted;     ///< new to the catalog
  std::vector<std::string> missing;     ///< the catalog thought that they were there
  std::vector<std::string> damaged;     ///< a file of theirs is gone or of another size
  std::vector<std::string> unreadable;  ///< keys of manifests, and why
  std::vector<std::string> unknown;     ///< keys that belong to no backup
  std::vector<std::string> foreign;     ///< another machine wrote them below our name
  std::size_t found = 0;                ///< whole backups
};

/// Makes the catalog agree with what a target holds of `host` (empty: below all names of this
/// host). Only manifests are read, and a copy whose row changes meanwhile is left to whoever
/// changes it. Throws Error.
Synced sync_target(State& state, const std::string& target, const std::string& host);

/// The hosts that a target holds something of.
std::vector<std::string> hosts_on(State& state, const std::string& target);

}  // namespace backups
