#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/identity.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "store/store.hpp"

namespace backups {

/// The stores of all targets, opened at first use.
class Targets {
 public:
  /// `settings` and `identity` must outlive it.
  Targets(Paths paths, const SettingsFile& settings, Identity& identity);

  Store& local() { return *local_; }
  /// The store of a target, with keys below its prefix and the name of `host` (this host's if
  /// empty). It belongs to this object. Throws Error, kNotFound, or kKey without credentials.
  Store& open(const std::string& target, const std::string& host = {});
  /// Like open(), but the caller owns the store. With an empty `host` it contains the backups of
  /// all hosts.
  std::unique_ptr<Store> open_new(const std::string& target, const std::string& host) const;

  /// While an object of this class lives, off-site stores make one attempt with short timeouts. For
  /// work that can be done later.
  class ShortTimeouts {
   public:
    explicit ShortTimeouts(Targets& targets) : targets_(targets) { turn(true); }
    ~ShortTimeouts() { turn(false); }
    ShortTimeouts(const ShortTimeouts&) = delete;
    ShortTimeouts& operator=(const ShortTimeouts&) = delete;

   private:
    void turn(bool is_short) {
      targets_.remote_.clear();
      targets_.short_timeouts_ = is_short;
    }
    Targets& targets_;
  };

 private:
  Paths paths_;
  const SettingsFile& settings_;
  Identity& identity_;
  std::unique_ptr<Store> local_;
  std::map<std::string, std::unique_ptr<Store>> remote_;  // keys: target, host and options
  bool short_timeouts_ = false;
};

/// The targets of a source by its property `targets`.
std::vector<std::string> default_targets(const Settings& settings, const Source& source);

/// Throws Error, kNotFound, if one of them does not exist.
void require_targets(const Settings& settings, const std::vector<std::string>& names);

/// Settings::unclear(), and the targets with invalid options.
std::vector<UnclearSetting> unclear_settings(const Settings& settings);

}  // namespace backups
