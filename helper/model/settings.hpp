#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/host.hpp"
#include "model/property.hpp"
#include "model/schedule.hpp"
#include "model/target.hpp"
#include "stream/stage.hpp"

namespace backups {

/// An entry of settings.json that is not understood, or only in part.
struct UnclearSetting {
  std::string scope;     ///< the source, app or kGlobal that it belongs to; may be empty
  std::string schedule;  ///< its id if it is a schedule, otherwise empty
  std::string message;   ///< names the entry and what applies instead
};

/// The contents of `settings.json`: what a person asked for (helper/FORMAT.md). A plain value.
class Settings {
 public:
  static constexpr const char* kGlobal = "--global";

  static constexpr std::int64_t kFormat = 1;

  /// Parses the file. An entry that is not understood, for example of a newer version, disables
  /// only itself: unclear() names it, and to_text() writes it back unchanged. Throws Error,
  /// kDamaged, if the text is not a JSON object; the message is the reason, for example "it is
  /// empty".
  static Settings parse(const std::string& text);
  /// Returns the text of the file. If a section that parse() did not understand was set meanwhile,
  /// the former one is kept in `set_aside`. Throws Error, kRefused, if that is not possible: for a
  /// file of a newer version, or pins.
  std::string to_text() const;

  std::vector<UnclearSetting> unclear() const;
  /// Removes the entry at `path` from what was not understood, for example {"targets", "offsite"}.
  void forget_unclear(const std::vector<std::string>& path);
  /// Removes such an entry for a schedule. False if there is none.
  bool forget_unclear_schedule(const Source& source, const std::string& id);
  /// True while the identity in the file is not understood. Until then `host` is a temporary one,
  /// and the names that can be read are doubtful.
  bool has_unclear_host() const { return !unclear_host_.empty(); }
  /// Makes `host` the identity, in place of the one that was not understood.
  void forget_unclear_host() { unclear_host_.clear(); }
  /// Also true for every backup while a pin is not understood, since it may be any.
  bool is_pinned(const std::string& backup) const;

  /// Sets a property. `scope` is a source ("postgres:my-db"), an app ("app:web") or kGlobal. An
  /// empty value unsets it.
  void set(const std::string& scope, const std::string& key, const std::string& value);

  /// The effective value for a source or an app: its own, the global one, or the default. Invalid
  /// values are skipped. `key` must be a property.
  std::string get(const std::string& scope, const std::string& key) const;
  /// True if get() skips an invalid value.
  bool is_unclear(const std::string& scope, const std::string& key) const;
  /// The value that is set for the scope itself; empty if none is.
  std::string own(const std::string& scope, const std::string& key) const;
  /// Copies all properties of `from` to `to`.
  void copy_scope(const std::string& from, const std::string& to);
  bool has_scope(const std::string& scope) const { return values_.contains(scope); }
  void drop_scope(const std::string& scope);

  Encoding compression(const std::string& source) const;
  std::int64_t seconds(const std::string& source, const std::string& key) const;
  std::uint64_t percent(const std::string& source, const std::string& key) const;
  /// The number of bytes that a backup must leave free on a disk of `total` bytes.
  std::uint64_t disk_reserve(const std::string& source, std::uint64_t total) const;
  /// The rules for backups that `trigger` made and no schedule.
  KeepRules keep_rules(const std::string& source, const std::string& trigger) const;

  /// Returns null if the source has no schedule of that id.
  const Schedule* find_schedule(const Source& source, const std::string& id) const;

  /// The settings that name a target, for a person: "targets of postgres:my-db".
  std::vector<std::string> uses_of(const std::string& target) const;

  /// All targets except `local`, by name.
  std::map<std::string, TargetOptions> targets;
  std::vector<Schedule> schedules;
  /// Suspect backups that a person accepted, as "<type>:<id>".
  std::set<std::string> accepted;
  /// Path sources that were typed on this host, as Source::spelling(). A path that is known only
  /// from elsewhere, for example from a bucket, is neither read nor written.
  std::set<std::string> paths;
  /// True for sources that are not paths, and for paths that were typed on this host or have a
  /// schedule.
  bool knows(const Source& source) const;
  /// Pinned backups, which are neither pruned nor deleted, as "<type>:<id>".
  std::set<std::string> pins;
  /// The identity of this host in buckets.
  HostIdentity host;
  /// If there is no `host` yet: the digits for the end of its name.
  std::string host_id;

 private:
  friend class SettingsReader;

  std::map<std::string, std::map<std::string, std::string>> values_;
  std::int64_t format_ = kFormat;
  std::string unclear_host_;  ///< the JSON of a `host` that was not understood; otherwise empty
  std::string unclear_;  ///< JSON object of the entries that were not understood, at their places
};

}  // namespace backups
