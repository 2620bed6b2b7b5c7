#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "engine/artifact.hpp"
#include "engine/state.hpp"
#include "model/target.hpp"

namespace backups {

struct CreateRequest {
  Source source;
  std::string trigger = "manual";
  std::string label;
  std::vector<std::string> targets = {kLocalTarget};
  std::string schedule{};  ///< the id of the one that asks; empty: none does
};

/// What became of a backup: its manifest, and why copies beyond the first failed.
struct Created {
  Manifest manifest;
  std::map<std::string, Error> failed_copies;  ///< by target
};

/// Which of them the exporter's bytes go to: `local`, or else the first that exists. A name that is
/// wrong, or a target that was removed, fails its copy and not the backup.
std::string first_target(const Settings& settings, const std::vector<std::string>& targets);

/// Takes a backup; whoever calls holds the lock of the source. It goes to `local`, or else to the
/// first target, while the exporter runs, and is copied to the others from there. A failure is
/// recorded in the catalog with its reason, nothing of it stays, and it is thrown as an Error.
Created create_backup(State& state, const CreateRequest& request, const Progress& progress);

/// Makes a backup of a plain dump that is read from `input`, as the artifact of that name (empty:
/// the only one that is not auxiliary). It is judged as what is exported is, and by the hook
/// `check`; of one that is refused (Error, kDamaged) nothing stays, not even a row.
Created adopt_backup(State& state, const CreateRequest& request, const std::string& artifact,
                     int input, const Progress& progress);

}  // namespace backups
