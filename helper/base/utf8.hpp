#pragma once

#include <cstddef>
#include <string_view>

namespace backups {

/// Length of the valid UTF-8 sequence that starts `text`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace backups
