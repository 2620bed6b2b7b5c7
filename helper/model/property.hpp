#pragma once

#include <string>
#include <vector>

namespace backups {

/// A property that `backups:set` knows.
struct Property {
  enum Trait : unsigned {
    kGlobalOnly = 1,  ///< no source has a value of its own
    kShellOnly = 2,   ///< through dokku it would give away what only a user of the host may do
    kSecret = 4,      ///< never printed; `-` reads it from stdin
    kOfApps = 8,      ///< an app has a value of its own, and no source
  };

  const char* name;
  const char* default_value;
  const char* takes;  ///< what a value looks like, for a person
  bool (*valid)(const std::string& value);
  unsigned traits = 0;

  bool is(Trait trait) const { return (traits & trait) != 0; }
  /// A value of it for a person's eyes.
  std::string shown(const std::string& value) const;
};

const std::vector<Property>& properties();

/// Nothing for a name that is no property.
const Property* find_property(const std::string& name);

}  // namespace backups
