#pragma once

#include <string>
#include <string_view>

namespace backups {

/// JSON text as a terminal may have it: what printable() replaces, which is only in its strings, as
/// \uXXXX.
std::string escape_controls(std::string_view json);

}  // namespace backups
