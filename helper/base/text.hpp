#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backups {

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string trim(std::string_view text);
/// ASCII alone.
std::string lower(std::string text);
/// "'text'", printable: a word of somebody else's in a message.
std::string in_quotes(std::string_view text);
bool is_one_of(std::string_view text, const std::vector<std::string>& words);
/// True for ASCII letters, digits and what is in `more`; false for nothing.
bool has_only(std::string_view text, std::string_view more);
/// "true" or "false".
bool is_flag(const std::string& text);

/// Lower-case hexadecimal, two digits a byte.
std::string hex(const unsigned char* bytes, std::size_t size);

/// RFC 3986 section 2.1: every byte outside [A-Za-z0-9_-] as %XX. A dot is encoded too, so that
/// the result is one component of a dotted file name.
std::string percent_encode(std::string_view text);

/// A whole decimal number that fits, nothing before or after it.
std::optional<std::int64_t> parse_number(std::string_view text);

/// "90", "90s", "10m", "2h", "1d" in seconds.
std::optional<std::int64_t> parse_duration(const std::string& text);

constexpr std::uint64_t kMebibyte = 1024 * 1024;

/// "500M", "2G", "1073741824" in bytes (units of 1024).
std::optional<std::uint64_t> parse_size(const std::string& text);

/// "0 B", "317 B", "4.1 MiB".
std::string human_size(std::uint64_t bytes);

/// "5 s", "12 min", "3 h", "4 d".
std::string human_duration(std::int64_t seconds);

/// Printable for a terminal: control characters and invalid UTF-8 become '?'; tabs a blank.
std::string printable(std::string_view text);

/// `text` inside single quotes, as a POSIX shell reads it back; unchanged where none are needed.
std::string shell_quote(std::string_view text);

/// `text` with what looks like a secret masked: password=..., PGPASSWORD=..., scheme://user:pass@.
std::string scrub(std::string_view text);

}  // namespace backups
