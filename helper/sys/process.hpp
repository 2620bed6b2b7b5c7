#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/fd.hpp"

namespace backups {

/// What this process was given.
std::map<std::string, std::string> own_environment();

/// A program to run.
struct Command {
  std::vector<std::string> argv;                   ///< argv[0] is the path of the program
  std::map<std::string, std::string> environment;  ///< all of it; nothing is inherited
  std::map<int, int> descriptors;  ///< child's number -> ours; above 2, all others are closed
  bool leaves_work = false;        ///< what it left in its group goes on when it has ended
};

/// A child process in a process group of its own, with cwd `/`. It is killed when we die. Destroyed
/// while it runs, it is stopped. What it left in its group is killed when it has ended, or goes on
/// if the command says so.
class Process {
 public:
  /// Throws Error when it cannot be started.
  explicit Process(const Command& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  /// Waits for its end; nothing when `timeouts` is over first. The exit code, or 128 + the signal
  /// that ended it.
  std::optional<int> wait(std::chrono::milliseconds timeouts);

  /// True once it has ended in another way than by exit code 0; what it left goes on until wait().
  bool has_failed() const;

  /// SIGTERM to the group, SIGKILL to what is left of it after `grace`; returns the exit code.
  int stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

 private:
  int reap();

  pid_t pid_ = -1;
  bool leaves_work_;
  Fd handle_;
  std::optional<int> status_;
};

/// Starts a process that is no child of ours and outlives us: in a session of its own, with cwd
/// `/`, on /dev/null, without any descriptor of ours (those of the command are left out). When this
/// returns it runs. Throws Error when it cannot be started.
void spawn_detached(const Command& command);

/// Kills every process that has `assignment` ("NAME=value") in its environment, as far as we may
/// (proc(5)), and what such a process starts meanwhile. Gives up after some seconds.
void kill_all_with(const std::string& assignment);

}  // namespace backups
