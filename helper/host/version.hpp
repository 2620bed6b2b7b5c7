#pragma once

#include <string>

namespace backups {

/// The version of the plugin: "0.1.0".
extern const char* const kVersion;

/// The first number of a version: 15 for "15.18", 10 for "10.11.6". 0 if there is none.
int major_version(const std::string& version);

}  // namespace backups
