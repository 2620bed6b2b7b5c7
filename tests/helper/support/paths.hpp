#pragma once

#include <string>

namespace backups::tests {

/// Absolute paths that CMake knows. Only paths.cpp is compiled with them, so that the others are
/// the same in every checkout.
std::string source(const std::string& path);  ///< of the repository: "plugin.toml"
std::string golden(const std::string& file);  ///< below tests/helper/golden
std::string helper_program();

}  // namespace backups::tests
