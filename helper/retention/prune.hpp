#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/retention.hpp"

namespace backups {

/// What retention says of one copy.
struct RetentionVerdict {
  Backup backup;
  std::string target;
  Verdict verdict;
};

/// Of every copy of a source, newest backups first: what a schedule made by the rules of that
/// schedule, all else by the properties keep-….
std::vector<RetentionVerdict> evaluate_retention(State& state, const Source& source);

struct Pruned {
  std::size_t removed = 0;  ///< copies
  std::size_t failed = 0;   ///< copies that could not be removed, which was said
};

/// Removes the copies that evaluate_retention() does not keep; of a backup without any, its row
/// stays. Whoever calls holds the lock of the source. What cannot be removed is said, and left for
/// the next time.
Pruned prune(State& state, const Source& source);

/// Forgets what failed or was deleted more than a year ago, and its log.
void forget_history(State& state);

/// Ends the unfinished uploads on every target that belong to no backup that is being made or
/// copied. A target that is out of reach is said.
void end_stale_uploads(State& state);

}  // namespace backups
