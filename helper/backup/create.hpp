#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "host/state.hpp"
#include "model/target.hpp"

namespace backups {

/// What to back up, why, and where to.
struct CreateRequest {
  Source source;
  Trigger trigger = Trigger::kManual;
  std::string label;
  std::vector<std::string> targets = {kLocalTarget};
  std::string schedule{};  ///< id of the schedule that takes it; empty if none does
};

/// The target that receives the exporter's output: `local` if it is among `targets`, otherwise the
/// first that is configured, or `local` if none is. The other targets get copies, so that an
/// unknown name fails one copy and not the backup.
std::string first_target(const Settings& settings, const std::vector<std::string>& targets);

/// Takes a backup, which is written to first_target() while the exporter runs. The copies to the
/// other targets are recorded as failed, so that they are due (schedule/job.hpp), and left to the
/// caller (run_backup()) or the tick. The caller holds the lock of the source. Throws
/// Error; then the files of the attempt are removed, and its row in the catalog has the reason. An
/// attempt on a source that does not exist leaves no row, unless a schedule asked for it.
Manifest create_backup(State& state, const CreateRequest& request, const Progress& progress);

/// Makes a backup of a plain dump that is read from the descriptor `input`, which remains the
/// caller's, as the artifact that choose_artifact() finds. The dump must pass the inspection of an
/// export and, if the type has one, its hook `check`. The caller holds the lock of the source.
/// Throws Error, kBadInput if the input is empty or the artifact is ambiguous, and kDamaged if the
/// dump is refused; no files and no row are left then.
Manifest adopt_backup(State& state, const CreateRequest& request,
                      const std::optional<std::string>& artifact, int input,
                      const Progress& progress);

}  // namespace backups
