#pragma once

#include <functional>
#include <utility>

#include "host/paths.hpp"
#include "model/settings.hpp"

namespace backups {

/// `settings.json`: what was asked for on this host.
class SettingsFile {
 public:
  explicit SettingsFile(Paths paths) : paths_(std::move(paths)) {}

  /// Throws Error, kDamaged, with the next step, where the file as a whole can't be understood.
  Settings read() const;
  /// From now on read() is the built-in defaults: for whoever only looks, while the file can't be
  /// understood.
  void use_defaults() { uses_defaults_ = true; }
  /// Reads, changes and replaces the file under its lock. Throws Error as read().
  void change(const std::function<void(Settings&)>& change);

 private:
  Settings from_file() const;

  Paths paths_;
  bool uses_defaults_ = false;
};

}  // namespace backups
