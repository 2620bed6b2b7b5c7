#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/schedule.hpp"

namespace backups {

/// What became of a job that was due.
enum class JobOutcome {
  kRan,     ///< whether it failed or not
  kBusy,    ///< another process works on the same: it stays due
  kNotDue,  ///< another process has done it meanwhile
};

/// Called by a job once nothing keeps it from its work any more.
using JobBegins = std::function<void()>;

/// One piece of work of the tick.
struct Job {
  std::string name;   ///< the same for the same work: it runs once in a process
  std::string about;  ///< for messages
  std::string lane;   ///< `local`, or the target that it works on and waits for
  bool is_backup;     ///< the dead man's switch hears of it
  /// Calls `begins` when it holds what it needs. Throws Error, which stops only this job.
  std::function<JobOutcome(const JobBegins& begins)> run;
};

/// A kind of work. What the tick does is the table in job.cpp: a new kind is a function that lists
/// what of it is due, and a row there.
struct JobKind {
  const char* name;
  std::vector<Job> (*due)(State& state, const Settings& settings);
};

/// Everything that is due now, in all lanes: the kinds in the order of the table. Reads settings
/// and catalog again, since the last job may have taken hours.
std::vector<Job> due_jobs(State& state);

/// Runs `work`, of which a failure is recorded and queued as an alert already: warns, so that the
/// tick goes on. It also goes on after a person has cancelled one backup. Throws Error, kCancelled.
void warn_on_failure(const std::string& what, const std::function<void()>& work);

/// The lane of a schedule: the target that it writes to first.
std::string lane_of(const Settings& settings, const Schedule& schedule);

// The kinds.
std::vector<Job> due_backups(State& state, const Settings& settings);
std::vector<Job> due_copies(State& state, const Settings& settings);
std::vector<Job> due_retention(State& state, const Settings& settings);
std::vector<Job> due_upload_sweeps(State& state, const Settings& settings);

}  // namespace backups
