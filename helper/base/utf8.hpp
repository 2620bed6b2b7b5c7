#pragma once

#include <cstddef>
#include <string_view>

namespace backups {

/// The length in bytes of the valid UTF-8 sequence at the beginning of `text` (RFC 3629). 0 if
/// there is none.
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace backups
