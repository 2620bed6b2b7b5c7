#include "schedule/job.hpp"

#include <array>

#include "base/error.hpp"
#include "base/log.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// Backups come first: everything else can wait for the next tick.
constexpr auto kJobKinds = std::to_array<JobKind>({{"backup", due_backups},
                                                   {"copy", due_copies},
                                                   {"retention", due_retention},
                                                   {"upload sweep", due_upload_sweeps}});

}  // namespace

std::vector<Job> due_jobs(State& state) {
  const Settings settings = state.settings.read();
  std::vector<Job> jobs;
  for (const auto& kind : kJobKinds)
    warn_on_failure(std::string("jobs of the kind ") + kind.name, [&] {
      for (auto& job : kind.due(state, settings)) jobs.push_back(std::move(job));
    });
  return jobs;
}

void warn_on_failure(const std::string& what, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled && !interrupt::forget_person()) throw;
    const std::string why = error.what();
    log::warn(why.find(what) == std::string::npos ? what + ": " + why : why);
  }
}

}  // namespace backups
