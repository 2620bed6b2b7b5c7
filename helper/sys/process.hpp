#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sys/fd.hpp"

namespace backups {

/// The environment of this process.
std::map<std::string, std::string> own_environment();

/// A program to run.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is the path of the program
  std::map<std::string, std::string>
      environment;                 ///< the complete environment; nothing is inherited
  std::map<int, int> descriptors;  ///< child's number -> ours; above 2, all others are closed
  bool leaves_work = false;        ///< processes of its group continue after it has ended
};

/// A child process in a process group of its own, with cwd `/`. It is killed if this process dies,
/// and stopped if the object is destroyed. Other processes of its group are killed when it has
/// ended, unless Command::leaves_work.
class Process {
 public:
  /// Throws Error if it cannot be started.
  explicit Process(const Command& command);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  /// Waits for its end, or returns nothing after `timeouts`. Returns the exit code, or 128 + the
  /// signal that ended it.
  std::optional<int> wait(std::chrono::milliseconds timeouts);

  /// True if it has ended, but not with exit code 0. Processes that it left are not killed before
  /// wait().
  bool has_failed() const;

  /// Sends SIGTERM to the group, and SIGKILL to the rest of it after `grace`, or at once when a
  /// stop is requested meanwhile. Returns the exit code.
  int stop(std::chrono::milliseconds grace = std::chrono::seconds(10));

 private:
  int reap();

  pid_t pid_ = -1;
  bool leaves_work_;
  Fd handle_;
  std::optional<int> status_;
};

/// Starts a process that outlives this one: in a session of its own, with cwd `/`, with /dev/null
/// as its standard streams and no other descriptors (those of the command are ignored). It runs
/// when this returns. Throws Error if it cannot be started.
void spawn_detached(const Command& command);

/// Kills every process that has `assignment` ("NAME=value") in its environment (proc(5)), as far as
/// permitted, including those started meanwhile. Gives up after some seconds.
void kill_all_with(const std::string& assignment);

}  // namespace backups
