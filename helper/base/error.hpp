#pragma once

#include <stdexcept>
#include <string>

namespace backups {

/// The kind of a failure; its value is the exit code of the process. 10 is never used: Dokku reads
/// it as "not my command".
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

/// The only exception type of this program. The message is one line for a person: what failed, why,
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

/// Returns an Error whose message is `what`, a colon, and the text of `errno_value`. Its kind is
/// kNoSpace for a full or read-only disk, otherwise kFailed.
Error system_error(const std::string& what, int errno_value);

}  // namespace backups
