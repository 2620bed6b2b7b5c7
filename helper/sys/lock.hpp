#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "sys/fd.hpp"

namespace backups {

/// An exclusive flock(2) on a file, released when destroyed or when the process ends, however it
/// ends. The file holds a line that says who has it.
class Lock {
 public:
  /// Nothing when another process holds it. Throws Error when the file cannot be opened.
  static std::optional<Lock> try_acquire(const std::filesystem::path& path,
                                         const std::string& holder);
  /// Waits for it, unless a stop is asked for: Error, kCancelled.
  static Lock acquire(const std::filesystem::path& path);

  /// What the process that has it wrote, empty when nobody did.
  static std::string holder(const std::filesystem::path& path);

  static bool is_held(const std::filesystem::path& path);

 private:
  explicit Lock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace backups
