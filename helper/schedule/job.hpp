#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/schedule.hpp"

namespace backups {

/// The outcome of a job that was due.
enum class JobOutcome {
  kRan,     ///< it ran, successfully or not
  kBusy,    ///< another process holds what it needs; it remains due
  kNotDue,  ///< another process has done it meanwhile
};

/// Called by a job when it holds all locks and is about to begin.
using OnJobStart = std::function<void()>;

/// One piece of work of the tick.
struct Job {
  std::string name;   ///< identifies the work, which a process does at most once
  std::string about;  ///< what it works on, for messages
  std::string lane;   ///< `local`, or the target that it works on and waits for
  bool is_backup;     ///< it is reported to the dead man's switch
  /// Does the work, under locks that it acquires itself and does not wait for. Throws Error, which
  /// stops only this job.
  std::function<JobOutcome(const OnJobStart& on_start)> run;
};

/// A kind of work of the tick. All kinds are in the table in job.cpp; a new one is a function that
/// lists its due jobs, and a row there.
struct JobKind {
  const char* name;
  std::vector<Job> (*due)(State& state, const Settings& settings);
};

/// Everything that is due now, in all lanes: the kinds in the order of the table. Reads settings
/// and catalog again, since the last job may have taken hours.
std::vector<Job> due_jobs(State& state);

/// Runs `work` and turns an Error into a warning, so that the tick continues with the next job; the
/// work itself has recorded the failure and published it. The tick also continues after a person
/// has cancelled one backup. Throws Error, kCancelled, after any other request to stop.
void warn_on_failure(const std::string& what, const std::function<void()>& work);

/// The lane of a schedule: the target that it writes to first.
std::string lane_of(const Settings& settings, const Schedule& schedule);

// The kinds: each returns its jobs that are due, in the order in which to run them. Throw Error.
std::vector<Job> due_backups(State& state, const Settings& settings);
std::vector<Job> due_copies(State& state, const Settings& settings);
std::vector<Job> due_retention(State& state, const Settings& settings);
std::vector<Job> due_upload_sweeps(State& state, const Settings& settings);

}  // namespace backups
