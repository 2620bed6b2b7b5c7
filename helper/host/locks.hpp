#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "host/paths.hpp"
#include "sys/lock.hpp"

namespace backups {

/// A lock for each source, whose text names the holder.
class Locks {
 public:
  explicit Locks(Paths paths) : paths_(std::move(paths)) {}

  /// Throws Error, kBusy, naming the holder.
  Lock acquire(const Source& source, const std::string& purpose) const;
  /// Returns nothing if the lock is held.
  std::optional<Lock> try_acquire(const Source& source, const std::string& purpose) const;

 private:
  std::filesystem::path file(const Source& source) const {
    return paths_.lock(source.type + "." + source.name);
  }
  Paths paths_;
};

}  // namespace backups
