#pragma once

#include <string>

namespace backups {

/// Of the plugin: "0.1.0".
extern const char* const kVersion;

/// The number that a version begins with: 15 of "15.18", 10 of "10.11.6". 0 when there is none.
int major_version(const std::string& version);

}  // namespace backups
