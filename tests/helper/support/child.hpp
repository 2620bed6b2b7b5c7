#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <ostream>

namespace backups::tests {

/// How a process ended: its exit code, or the signal that killed it.
struct Ending {
  int code = -1;
  int signal = 0;

  bool operator==(const Ending&) const = default;
};

inline Ending exited(int code) { return {code, 0}; }
inline Ending killed_by(int signal) { return {-1, signal}; }
std::ostream& operator<<(std::ostream& out, const Ending& ending);

/// The exit codes of a Child whose work threw something other than an Error, or failed an
/// assertion.
constexpr int kThrewOther = 99;
constexpr int kFailedAssertion = 98;

/// A forked process that runs `work` and exits with its result, or with the exit code of the Error
/// that it throws. Its log lines are discarded. It is killed if this object is destroyed first.
class Child {
 public:
  explicit Child(const std::function<int()>& work);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  void kill(int signal) const;
  Ending wait();
  /// Returns nothing if it still runs after that time.
  std::optional<Ending> wait_for(std::chrono::milliseconds timeouts);

 private:
  pid_t pid_;
  std::optional<Ending> ending_;
};

/// Runs `work` in a Child and waits for it.
Ending run_in_child(const std::function<int()>& work);

/// Does the same for work that might hang: kills it with SIGKILL if it takes longer.
Ending run_in_child(const std::function<int()>& work, std::chrono::milliseconds timeouts);

/// Repeats `done` until it returns true, then returns true; returns false if that takes longer.
bool eventually(const std::function<bool()>& done,
                std::chrono::milliseconds timeouts = std::chrono::seconds(60));

/// Returns false for a zombie, too.
bool is_running(pid_t pid);

}  // namespace backups::tests
