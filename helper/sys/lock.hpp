#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "sys/fd.hpp"

namespace backups {

/// An exclusive flock(2) on a file. It is released when destroyed, and when the process ends in any
/// way. The file contains a line about the holder.
class Lock {
 public:
  /// Nothing if another process holds the lock. Throws Error if the file cannot be opened.
  static std::optional<Lock> try_acquire(const std::filesystem::path& path,
                                         const std::string& holder);
  /// Waits for the lock. Throws Error, kCancelled, at a request to stop.
  static Lock acquire(const std::filesystem::path& path);

  /// The line that the holder wrote; empty if there is none.
  static std::string holder(const std::filesystem::path& path);

  static bool is_held(const std::filesystem::path& path);

 private:
  explicit Lock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace backups
