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

struct Command {
  std::vector<std::string> argv;                   ///< argv[0] is the path of the program
  std::map<std::string, std::string> environment;  ///< all of it; nothing is inherited
  std::map<int, int> descriptors;  ///< child's number -> ours; above 2, all others are closed
};

/// A child process in a process group of its own, with cwd `/`. It is killed when we die. Destroyed
/// while it runs, it is stopped. What it left in its group is killed when it has ended.
class Process {
 public:
  /// Throws Error when it cannot be started.
  explicit Process(const Command& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  /// Waits for its end; nothing when `patience` is over first. The exit code, or 128 + the signal
  /// that ended it.
  std::optional<int> wait(std::chrono::milliseconds patience);

  /// SIGTERM to the group, SIGKILL to what is left of it after `grace`; returns the exit code.
  int stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

 private:
  int reap();

  pid_t pid_ = -1;
  Fd handle_;
  std::optional<int> status_;
};

/// Kills every process that has `assignment` ("NAME=value") in its environment, as far as we may
/// (proc(5)), and what such a process starts meanwhile. Gives up after some seconds.
void kill_all_with(const std::string& assignment);

}  // namespace backups
