#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "host/paths.hpp"
#include "model/settings.hpp"

namespace backups {

/// The file `settings.json`: what was asked for on this host.
class SettingsFile {
 public:
  explicit SettingsFile(Paths paths) : paths_(std::move(paths)) {}

  /// Returns the settings, or the defaults if there is no file. Throws Error, kDamaged, with the
  /// next step, if the file as a whole cannot be understood.
  Settings read() const;
  /// Makes read() return the built-in defaults: for reading commands while the file cannot be
  /// understood.
  void use_defaults() { uses_defaults_ = true; }
  /// Reads, changes and atomically replaces the file under its lock. Throws Error as read() does.
  void change(const std::function<void(Settings&)>& change);

 private:
  Settings from_file() const;
  Settings parse(const std::string& text) const;

  /// What was parsed last. A command reads the settings many times, and they seldom change.
  struct Parsed {
    std::string text;
    Settings settings;
  };
  Paths paths_;
  mutable std::mutex mutex_;  ///< guards last_
  mutable std::optional<Parsed> last_;
  bool uses_defaults_ = false;
};

}  // namespace backups
