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

/// An entry of settings.json that can't be understood, or not wholly.
struct UnclearSetting {
  std::string scope;     ///< the source, app or kGlobal that it is of; empty: none
  std::string schedule;  ///< the id of the schedule that it is, else empty
  std::string message;   ///< names it, and says what holds instead
};

/// What a person asked for: `settings.json` (helper/FORMAT.md). A plain value.
class Settings {
 public:
  static constexpr const char* kGlobal = "--global";

  static constexpr std::int64_t kFormat = 1;

  /// What can't be understood, as of a newer version, stops only itself: unclear() names it, and
  /// to_text() puts it back where it was, to the letter. Throws Error, kDamaged, for what is no
  /// JSON object: the message is why, "it is empty".
  static Settings parse(const std::string& text);
  /// What was set where something of another kind stood that parse() did not understand sets that
  /// aside, in the file. Throws Error, kRefused, where it can't be: of a newer version, or pins.
  std::string to_text() const;

  std::vector<UnclearSetting> unclear() const;
  /// Forgets what could not be understood there, as at {"targets", "offsite"}.
  void forget_unclear(const std::vector<std::string>& path);
  /// The same for a schedule that did not become one of `schedules`. False where there is none.
  bool forget_unclear_schedule(const Source& source, const std::string& id);
  /// True while what the file says of who this host is can't be understood: `host` is then who it
  /// is meanwhile, with the names that can be told as doubtful ones.
  bool has_unclear_host() const { return !unclear_host_.empty(); }
  /// From now on the host is what `host` says.
  void forget_unclear_host() { unclear_host_.clear(); }
  /// True for all, where a pin can't be understood: it may be of any.
  bool is_pinned(const std::string& backup) const;

  /// `scope` is a source ("postgres:my-db"), an app ("app:web") or kGlobal. An empty value unsets
  /// it.
  void set(const std::string& scope, const std::string& key, const std::string& value);

  /// The value in force for a source or an app: its own, the global one, or the default; one that
  /// is not valid does not count. `key` must be a property.
  std::string get(const std::string& scope, const std::string& key) const;
  /// True where get() passes over a value that can't be understood.
  bool is_unclear(const std::string& scope, const std::string& key) const;
  /// What that scope itself has, empty when nothing.
  std::string own(const std::string& scope, const std::string& key) const;
  /// Gives `to` what `from` has set.
  void copy_scope(const std::string& from, const std::string& to);
  bool has_scope(const std::string& scope) const { return values_.contains(scope); }
  void drop_scope(const std::string& scope);

  Encoding compression(const std::string& source) const;
  std::int64_t seconds(const std::string& source, const std::string& key) const;
  std::uint64_t percent(const std::string& source, const std::string& key) const;
  /// Bytes that a backup leaves free on a disk of `total` bytes.
  std::uint64_t disk_reserve(const std::string& source, std::uint64_t total) const;
  /// How long stays what `trigger` makes, where no schedule says so.
  KeepRules keep_rules(const std::string& source, const std::string& trigger) const;

  /// Nothing when the source has none of that id.
  const Schedule* find_schedule(const Source& source, const std::string& id) const;

  /// What names a target, for a person: "targets of postgres:my-db".
  std::vector<std::string> uses_of(const std::string& target) const;

  /// The targets beside `local`, by name.
  std::map<std::string, TargetOptions> targets;
  std::vector<Schedule> schedules;
  /// Suspect backups that a person said are right, as "<type>:<id>".
  std::set<std::string> accepted;
  /// Path sources that were typed on this host, as Source::spelling(): a path that is known from
  /// elsewhere, as from a bucket, is neither read nor written.
  std::set<std::string> paths;
  /// True for what is no path, or was typed here or has a schedule.
  bool knows(const Source& source) const;
  /// Backups that retention and delete leave alone, as "<type>:<id>".
  std::set<std::string> pins;
  /// Who this host is to its buckets.
  HostIdentity host;
  /// Of settings that have no `host` yet: the digits at the end of its name.
  std::string host_id;

 private:
  friend class SettingsReader;

  std::map<std::string, std::map<std::string, std::string>> values_;
  std::int64_t format_ = kFormat;
  std::string unclear_host_;  ///< the JSON of `host`, where it was not understood; else empty
  std::string unclear_;  ///< JSON object of what was not understood, at its places; empty: nothing
};

}  // namespace backups
