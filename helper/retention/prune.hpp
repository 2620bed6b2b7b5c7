#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/retention.hpp"

namespace backups {

/// What retention decides about one copy.
struct RetentionVerdict {
  Backup backup;
  std::string target;
  Verdict verdict;
};

/// Decides for every copy of a source, newest backups first. The rules are those of the schedule
/// that made the backup, or else the properties keep-….
std::vector<RetentionVerdict> evaluate_retention(const Paths& paths, const SettingsFile& settings,
                                                 Identity& identity, CatalogFile& catalog,
                                                 const Source& source);

struct Pruned {
  std::size_t removed = 0;  ///< copies
  std::size_t failed = 0;   ///< copies that could not be removed; a warning names each
};

/// Removes the copies that evaluate_retention() does not keep. The row of a backup remains after
/// its last copy was removed. The caller holds the lock of the source. Copies that cannot be
/// removed are reported as warnings and tried again by the next call.
Pruned prune(State& state, const Source& source);
/// The same for a log: says how many copies were removed, if any.
void prune_and_report(State& state, const Source& source);

/// Removes the rows and logs of backups that failed or were deleted more than a year ago.
void forget_history(const Paths& paths, CatalogFile& catalog);

/// Aborts unfinished uploads on a target, except those of backups that are being made or copied.
/// If it cannot be reached, that is reported as a warning.
void end_stale_uploads(Identity& identity, Targets& targets, CatalogFile& catalog,
                       const std::string& target);

}  // namespace backups
