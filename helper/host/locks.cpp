#include "host/locks.hpp"

#include <unistd.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "sys/clock.hpp"

namespace backups {

std::optional<Lock> Locks::try_acquire(const Source& source, const std::string& purpose) const {
  return Lock::try_acquire(file(source), purpose + " (process " + std::to_string(::getpid()) +
                                             ", since " + rfc3339(now()) + ")");
}

Lock Locks::acquire(const Source& source, const std::string& purpose) const {
  if (auto lock = try_acquire(source, purpose)) return std::move(*lock);
  const std::string holder = Lock::holder(file(source));
  // What backups:cancel finds: the rest ends by itself.
  const bool stoppable =
      holder.starts_with("create") || holder.starts_with("adopt") || holder.starts_with("restore");
  throw Error(
      ErrorKind::kBusy,
      source.spelling() + " is busy: " + (holder.empty() ? "another command" : holder) +
          ". Wait for it" +
          (stoppable ? ", or stop it with " + command("cancel") + " " + source.spelling() : ""));
}

}  // namespace backups
