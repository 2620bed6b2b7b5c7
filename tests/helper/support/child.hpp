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

/// What Child returns for work that threw something else than an Error, or failed an assertion.
constexpr int kThrewOther = 99;
constexpr int kFailedAssertion = 98;

/// A forked process that runs `work` and exits with what it returns, or with the exit code of the
/// Error that it throws. Its log lines are not shown. Killed when this is destroyed.
class Child {
 public:
  explicit Child(const std::function<int()>& work);
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  pid_t pid() const { return pid_; }
  void kill(int signal) const;
  Ending wait();
  /// Nothing when it still runs then.
  std::optional<Ending> wait_for(std::chrono::milliseconds timeouts);

 private:
  pid_t pid_;
  std::optional<Ending> ending_;
};

Ending run_in_child(const std::function<int()>& work);

/// The same for work that might hang: killed by SIGKILL when it takes longer.
Ending run_in_child(const std::function<int()>& work, std::chrono::milliseconds timeouts);

/// Looks until `done` or the time is over; returns which.
bool eventually(const std::function<bool()>& done,
                std::chrono::milliseconds timeouts = std::chrono::seconds(60));

/// False for a zombie as well.
bool is_running(pid_t pid);

}  // namespace backups::tests
