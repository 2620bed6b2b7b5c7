#include "copies/copying.hpp"

#include <algorithm>
#include <optional>

#include "base/command.hpp"
#include "base/error.hpp"

namespace backups {
namespace {

/// The run that copies the backup to `target`, or to several. An empty `target` stands for any.
std::optional<RunRecord> copy_run(const Paths& paths, const Backup& backup,
                                  const std::string& target) {
  for (auto& run : list_runs(paths, true)) {
    if (run.verb != kCopyVerb || run.source.type != backup.source.type || run.backup != backup.id)
      continue;
    if (target.empty() || run.target.empty() || run.target == target) return run;
  }
  return std::nullopt;
}

}  // namespace

Copying::Copying(const Paths& paths, Lock lock, const Backup& backup, const std::string& target)
    : run_(paths, kCopyVerb, backup.source) {
  require_not_copied(paths, backup, target);
  run_.set_target(target, "");
  run_.set_backup(backup.id);
  // The lock is released at the end of this scope. From now on, other processes see the run.
  const Lock until_others_see_it = std::move(lock);
}

bool is_being_copied(const Paths& paths, const Backup& backup, const std::string& target) {
  return copy_run(paths, backup, target).has_value();
}

void require_not_copied(const Paths& paths, const Backup& backup, const std::string& target) {
  const auto run = copy_run(paths, backup, target);
  if (!run) return;
  throw Error(ErrorKind::kBusy, backup.id + " is being copied" +
                                    (run->target.empty() ? "" : " to " + run->target) +
                                    " (process " + std::to_string(run->pid) + ", since " +
                                    rfc3339(run->started_at) + "). Wait for it, or stop it with " +
                                    command("cancel") + " " + backup.source.spelling());
}

}  // namespace backups
