#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/codec.hpp"
#include "model/target.hpp"

namespace backups {

/// A property that `backups:set` knows.
struct Property {
  const char* name;
  const char* default_value;
  const char* takes;  ///< what a value looks like, for a person
  bool (*valid)(const std::string& value);
};

const std::vector<Property>& properties();

/// Nothing for a name that is no property.
const Property* find_property(const std::string& name);

/// What a person asked for: `settings.json` (helper/FORMAT.md). A plain value.
class Settings {
 public:
  static constexpr const char* kGlobal = "--global";

  /// Throws Error, kDamaged.
  static Settings parse(const std::string& text);
  std::string to_text() const;

  /// `scope` is a source ("postgres:my-db") or kGlobal. An empty value unsets it.
  void set(const std::string& scope, const std::string& key, const std::string& value);

  /// The value in force for a source: its own, the global one, or the default. `key` must be a
  /// property.
  std::string get(const std::string& source, const std::string& key) const;

  Codec compression(const std::string& source) const;
  std::int64_t seconds(const std::string& source, const std::string& key) const;
  /// Bytes that a backup leaves free on a disk of `total` bytes.
  std::uint64_t disk_reserve(const std::string& source, std::uint64_t total) const;

  /// The targets beside `local`, by name.
  std::map<std::string, TargetOptions> targets;
  /// Backups that retention and delete leave alone, as "<type>:<id>".
  std::set<std::string> pins;
  /// Made once, so that two hosts of one name are told apart.
  std::string host_id;

 private:
  std::map<std::string, std::map<std::string, std::string>> values_;
};

/// "90", "90s", "10m", "2h", "1d" in seconds.
std::optional<std::int64_t> parse_duration(const std::string& text);

/// "500M", "2G", "1073741824" in bytes (units of 1024).
std::optional<std::uint64_t> parse_size(const std::string& text);

}  // namespace backups
