#pragma once

#include <string>

#include "engine/artifact.hpp"
#include "engine/state.hpp"

namespace backups {

struct CreateRequest {
  Source source;
  std::string trigger = "manual";
  std::string label;
};

/// Takes a backup; whoever calls holds the lock of the source. A failure is recorded in the catalog
/// with its reason, nothing of it stays on disk, and it is thrown as an Error.
Manifest create_backup(State& state, const CreateRequest& request, const Progress& progress);

/// Makes a backup of a plain dump that is read from `input`, as the artifact of that name (empty:
/// the only one that is not auxiliary).
Manifest adopt_backup(State& state, const CreateRequest& request, const std::string& artifact,
                      int input, const Progress& progress);

}  // namespace backups
