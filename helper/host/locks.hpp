#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "host/paths.hpp"
#include "sys/lock.hpp"

namespace backups {

/// One lock for each source; its text says who has it.
class Locks {
 public:
  explicit Locks(Paths paths) : paths_(std::move(paths)) {}

  /// Throws Error, kBusy, saying who has it.
  Lock acquire(const Source& source, const std::string& purpose) const;
  /// Nothing when somebody has it.
  std::optional<Lock> try_acquire(const Source& source, const std::string& purpose) const;

 private:
  std::filesystem::path file(const Source& source) const {
    return paths_.lock(source.type + "." + source.name);
  }
  Paths paths_;
};

}  // namespace backups
