#pragma once

#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "host/state.hpp"
#include "model/target.hpp"

namespace backups {

struct CreateRequest {
  Source source;
  Trigger trigger = Trigger::kManual;
  std::string label;
  std::vector<std::string> targets = {kLocalTarget};
  std::string schedule{};  ///< the id of the one that asks; empty: none does
};

/// Which of them the exporter's bytes go to: `local`, or else the first that exists. A name that is
/// wrong, or a target that was removed, fails its copy and not the backup.
std::string first_target(const Settings& settings, const std::vector<std::string>& targets);

/// Takes a backup; whoever calls holds the lock of the source. It goes to `local`, or else to the
/// first target, while the exporter runs, and to no other. A failure is recorded in the catalog
/// with its reason, nothing of it stays, and it is thrown as an Error.
Manifest create_backup(State& state, const CreateRequest& request, const Progress& progress);

/// Makes a backup of a plain dump that is read from `input`, as the artifact of that name (empty:
/// the only one that is not auxiliary). It is judged as what is exported is, and by the hook
/// `check`; of one that is refused (Error, kDamaged) nothing stays, not even a row.
Manifest adopt_backup(State& state, const CreateRequest& request, const std::string& artifact,
                      int input, const Progress& progress);

}  // namespace backups
