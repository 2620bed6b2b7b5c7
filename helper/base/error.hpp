#pragma once

#include <stdexcept>
#include <string>

namespace backups {

/// What went wrong, as the exit code of the process. Never 10: Dokku reads it as "not my command".
enum class ErrorKind {
  kFailed = 1,
  kBadInput = 2,
  kNotFound = 3,
  kBusy = 4,
  kStopped = 5,
  kPaused = 6,
  kDamaged = 7,
  kKey = 8,
  kPartial = 9,
  kRefused = 11,
  kCancelled = 12,
  kUnreachable = 13,
  kNoSpace = 14,
  kUnauthorised = 20,
};

/// The one exception of this program. The message is a whole line for a person: what failed, why,
/// and what to do next.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

/// Throws an Error of kind kBadInput.
[[noreturn]] void refuse_input(const std::string& problem);

/// An Error of kind kFailed: `what`, then the text of `errno_value`.
Error system_error(const std::string& what, int errno_value);

}  // namespace backups
