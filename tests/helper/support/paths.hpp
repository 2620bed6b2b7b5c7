#pragma once

#include <string>

namespace backups::tests {

/// Absolute paths, which CMake passes to paths.cpp only, so that all other objects are the same in
/// every checkout and can come from the compiler cache.
std::string source(const std::string& path);  ///< of a file of the repository: "plugin.toml"
std::string golden(const std::string& file);  ///< of a file below tests/helper/golden
std::string helper_program();

}  // namespace backups::tests
