#include "host/locks.hpp"

#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "host/run.hpp"
#include "sys/clock.hpp"

namespace backups {

std::optional<Lock> Locks::try_acquire(const Source& source, const std::string& purpose) const {
  return Lock::try_acquire(file(source), purpose + " (process " + std::to_string(::getpid()) +
                                             ", since " + rfc3339(now()) + ")");
}

Lock Locks::acquire(const Source& source, const std::string& purpose) const {
  if (auto lock = try_acquire(source, purpose)) return std::move(*lock);
  const std::string holder = Lock::holder(file(source));
  // A copy runs without the lock; whatever else has it ends by itself.
  const auto run = cancellable_run(paths_, source);
  const bool is_cancellable = run && run->verb != kCopyVerb;
  throw Error(
      ErrorKind::kBusy,
      source.spelling() + " is busy: " + (holder.empty() ? "another command" : holder) +
          ". Wait for it" +
          (is_cancellable ? ", or stop it with " + command("cancel") + " " + source.spelling()
                          : ""));
}

}  // namespace backups
