#pragma once

#include <string>
#include <string_view>

namespace backups {

/// Makes JSON text safe for a terminal: whatever printable() would replace, which can occur only
/// inside strings, is written as \uXXXX. Characters beyond the Basic Multilingual Plane are
/// dropped instead. Expects valid UTF-8.
std::string escape_controls(std::string_view json);

}  // namespace backups
