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

/// The places that backups are stored at, opened at their first use.
class Targets {
 public:
  /// `settings` and `identity` must outlive it.
  Targets(Paths paths, const SettingsFile& settings, Identity& identity);

  Store& local() { return *local_; }
  /// `local`, or the target of that name, where keys are below its prefix and the name of `host`
  /// (ours when empty). Throws Error, kNotFound, or kKey without credentials.
  Store& open(const std::string& target, const std::string& host = {});
  /// The same with a Store of its own, for the backups of all hosts where `host` is empty.
  std::unique_ptr<Store> open_new(const std::string& target, const std::string& host) const;

  /// While it lives, stores that are not local get one short try: for what need not be done now.
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
  std::map<std::string, std::unique_ptr<Store>> remote_;  // by target, host and options
  bool short_timeouts_ = false;
};

/// The places that backups go to by default for a source: the property `targets`.
std::vector<std::string> default_targets(const Settings& settings, const Source& source);

/// Throws Error, kNotFound, unless all of them exist.
void require_targets(const Settings& settings, const std::vector<std::string>& names);

/// Settings::unclear(), and the targets that can't be used.
std::vector<UnclearSetting> unclear_settings(const Settings& settings);

}  // namespace backups
