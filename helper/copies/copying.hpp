#pragma once

#include <string>

#include "host/run.hpp"
#include "host/state.hpp"

namespace backups {

/// While it lives, others see that a backup is being copied, and leave it where it is. Its source
/// is free for them: an upload may take hours.
class Copying {
 public:
  /// `lock`, of the source, is let go once others can see it. `target` is where to; empty: to
  /// several. Throws Error, kBusy, where another process is at that.
  Copying(State& state, Lock lock, const Backup& backup, const std::string& target);

 private:
  Run run_;
};

/// True while a process copies the backup, to `target` if one is given. Whoever must be sure for
/// longer than a moment holds the lock of the source.
bool is_being_copied(const State& state, const Backup& backup, const std::string& target = {});

/// Throws Error, kBusy, while a process copies it.
void require_not_copied(const State& state, const Backup& backup, const std::string& target = {});

}  // namespace backups
