#pragma once

#include <functional>
#include <string>

namespace backups::tests {

/// Faults of system calls. The test program defines some of libc's functions itself (open, read,
/// write, fsync, rename, ...), which the helper and libsqlite3 then call; they count those that
/// touch files while a plan is in force, and spoil one.
struct FaultPlan {
  enum class Kind {
    kNone,
    kFails,     ///< the call returns -1 with `error`
    kKilled,    ///< SIGKILL before the call
    kPowerCut,  ///< SIGKILL, and what was not fsynced is lost: data, and names that were renamed
  };
  Kind kind = Kind::kNone;
  int at = 0;     ///< the number of the call, from 1 on
  int error = 0;  ///< an errno
};

/// "FullDisk", "BrokenDisk", "Killed", "PowerCut": for the names of tests.
std::string name_of(const FaultPlan& plan);

/// What became of work that ran under a plan, in a process of its own.
struct FaultOutcome {
  enum class End { kDone, kError, kDied, kOtherException };
  End end;
  bool reached;  ///< the call of the plan came
};

FaultOutcome run_with_fault(const FaultPlan& plan, const std::function<void()>& work);

/// Runs `once` with a plan for call 1, 2, 3 … until one is not reached; returns how many there
/// were. `once` returns what run_with_fault() said.
int for_every_call(FaultPlan plan, const std::function<FaultOutcome(const FaultPlan&)>& once);

}  // namespace backups::tests
