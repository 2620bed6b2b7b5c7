#pragma once

#include <functional>
#include <string>

namespace backups::tests {

/// Faults of system calls. The test program replaces some functions of libc (open, read, write,
/// fsync, rename, ...), for the code of the helper and for libsqlite3. They count the calls that
/// touch files while a plan is in force, and make one of them fail.
struct FaultPlan {
  enum class Kind {
    kNone,
    kFails,     ///< the call returns -1 with `error`
    kKilled,    ///< SIGKILL before the call
    kPowerCut,  ///< SIGKILL, and whatever was not fsynced is lost: data, and renames
  };
  Kind kind = Kind::kNone;
  int at = 0;     ///< the number of the call, counted from 1
  int error = 0;  ///< an errno
};

/// "FullDisk", "BrokenDisk", "Killed", "PowerCut": for the names of tests.
std::string name_of(const FaultPlan& plan);

/// The result of work that ran under a plan, in a process of its own.
struct FaultOutcome {
  enum class End { kDone, kError, kDied, kOtherException };
  End end;
  bool reached;  ///< the work made the call that the plan names
};

FaultOutcome run_with_fault(const FaultPlan& plan, const std::function<void()>& work);

/// Runs `once` with a plan for call 1, 2, 3 … until one is not reached. Returns the number of
/// calls. `once` returns the result of run_with_fault().
int for_every_call(FaultPlan plan, const std::function<FaultOutcome(const FaultPlan&)>& once);

}  // namespace backups::tests
