#pragma once

#include <string>
#include <vector>

namespace backups {

/// A property that `backups:set` can set.
struct Property {
  enum Trait : unsigned {
    kGlobalOnly = 1,  ///< has no value for a single source
    kShellOnly = 2,   ///< can be set at a shell only: it names files or programs of the host
    kSecret = 4,      ///< never printed; `-` reads it from stdin
    kOfApps = 8,      ///< has values for apps, not for sources
  };

  const char* name;
  const char* default_value;
  const char* value_form;  ///< the form of a value, for messages
  bool (*valid)(const std::string& value);
  unsigned traits = 0;

  bool is(Trait trait) const { return (traits & trait) != 0; }
  /// A value for printing: masked if it is a secret.
  std::string shown(const std::string& value) const;
};

const std::vector<Property>& properties();

/// Returns null for an unknown name.
const Property* find_property(const std::string& name);

}  // namespace backups
