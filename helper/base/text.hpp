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
/// Converts ASCII letters only, independent of the locale.
std::string lower(std::string text);
/// Returns `text`, made printable, in single quotes: for messages about input.
std::string in_quotes(std::string_view text);
bool is_one_of(std::string_view text, const std::vector<std::string>& words);
/// True if `text` has only ASCII letters, digits and characters of `more`. False if it is empty.
bool has_only(std::string_view text, std::string_view more);
/// True for "true" and "false".
bool is_flag(const std::string& text);

/// Lower-case hexadecimal, two digits for each byte.
std::string hex(const unsigned char* bytes, std::size_t size);

/// Encodes every byte but ASCII letters, digits and those in `kept` as %XX (RFC 3986 section 2.1).
/// By default dots are encoded too, so that the result is one component of a file name whose
/// components are separated by dots.
std::string percent_encode(std::string_view text, std::string_view kept = "_-");

/// Parses a decimal number. Nothing if other characters precede or follow it, or it does not fit.
std::optional<std::int64_t> parse_number(std::string_view text);

/// Parses "90", "90s", "10m", "2h" or "1d" into seconds.
std::optional<std::int64_t> parse_duration(const std::string& text);

constexpr std::uint64_t kMebibyte = 1024 * 1024;

/// Parses "500M", "2G" or "1073741824" into bytes, with units of 1024.
std::optional<std::uint64_t> parse_size(const std::string& text);

/// Formats bytes for a person: "0 B", "317 B", "4.1 MiB".
std::string human_size(std::uint64_t bytes);

/// Formats seconds for a person: "5 s", "12 min", "3 h", "4 d". Negative times become "0 s".
std::string human_duration(std::int64_t seconds);

/// Makes `text` safe for a terminal: '?' replaces control characters, characters that change the
/// direction of text or have no width, and invalid UTF-8; a tab becomes a blank.
std::string printable(std::string_view text);

/// Quotes `text` for a POSIX shell. Unchanged if it needs no quotes.
std::string shell_quote(std::string_view text);

/// Masks what looks like a secret: password=…, PGPASSWORD=…, scheme://user:pass@.
std::string scrub(std::string_view text);

}  // namespace backups
