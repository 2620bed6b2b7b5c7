#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>

#include "base/controls.hpp"
#include "base/utf8.hpp"

namespace backups {
namespace {

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::size_t find_ignoring_case(std::string_view text, std::string_view word, std::size_t from) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  const auto found = std::search(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(),
                                 word.begin(), word.end(), same);
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

/// Masks the value that follows `password` and a separator: `=`, `:`, blanks or quotes.
std::string mask_passwords(std::string text) {
  constexpr std::string_view kWord = "password";
  std::size_t at = 0;
  while ((at = find_ignoring_case(text, kWord, at)) != std::string::npos) {
    at += kWord.size();
    std::size_t value = at;
    while (value < text.size() && std::strchr(" '\"", text[value]) != nullptr) ++value;
    if (value >= text.size() || (text[value] != '=' && text[value] != ':' && value == at)) continue;
    while (value < text.size() && std::strchr("=: '\"", text[value]) != nullptr) ++value;
    const char before = text[value - 1];
    const bool quoted = value > at && (before == '\'' || before == '"');
    const std::string_view after = quoted ? std::string_view(&before, 1) : " '\"&;,";
    const std::size_t end = std::min(text.find_first_of(after, value), text.size());
    const bool assigned = text.substr(at, value - at).find_first_of("=:'\"") != std::string::npos;
    if (assigned && end > value) text.replace(value, end - value, "*******");
  }
  return text;
}

std::string mask_urls(std::string text) {
  std::size_t at = 0;
  while ((at = text.find("://", at)) != std::string::npos) {
    at += 3;
    const std::size_t end = text.find_first_of("/ '\"", at);
    const std::size_t host = text.substr(at, end == std::string::npos ? end : end - at).rfind('@');
    if (host == std::string::npos) continue;
    const std::size_t colon = text.find(':', at);
    if (colon < at + host) text.replace(colon + 1, at + host - colon - 1, "*******");
  }
  return text;
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  for (std::size_t at; (at = text.find(separator, start)) != std::string_view::npos; start = at + 1)
    parts.emplace_back(text.substr(start, at - start));
  parts.emplace_back(text.substr(start));
  return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const auto& part : parts) {
    if (&part != &parts.front()) text += separator;
    text += part;
  }
  return text;
}

std::string trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string in_quotes(std::string_view text) { return "'" + printable(text) + "'"; }

bool is_one_of(std::string_view text, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool has_only(std::string_view text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

bool is_flag(const std::string& text) { return is_one_of(text, {"true", "false"}); }

std::string hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

std::string percent_encode(std::string_view text, std::string_view kept) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (alphanumeric(c) || kept.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

namespace {

constexpr std::int64_t kGiB = 1LL << 30;

/// Parses a number with at most one letter of `units`, by whose factor it is multiplied.
std::optional<std::int64_t> parse_with_unit(const std::string& text,
                                            const std::map<char, std::int64_t>& units) {
  const auto unit = text.empty() ? units.end() : units.find(text.back());
  const std::int64_t factor = unit == units.end() ? 1 : unit->second;
  const auto number = parse_number(unit == units.end() ? text : text.substr(0, text.size() - 1));
  if (!number || *number < 0 || *number > INT64_MAX / factor) return std::nullopt;
  return *number * factor;
}

}  // namespace

std::optional<std::int64_t> parse_duration(const std::string& text) {
  return parse_with_unit(text, {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}});
}

std::optional<std::uint64_t> parse_size(const std::string& text) {
  const auto bytes =
      parse_with_unit(text, {{'K', 1024}, {'M', 1024 * 1024}, {'G', kGiB}, {'T', 1024 * kGiB}});
  if (!bytes) return std::nullopt;
  return static_cast<std::uint64_t>(*bytes);
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string human_duration(std::int64_t seconds) {
  if (seconds < 0) return "0 s";
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

namespace {

/// The code point of a valid UTF-8 sequence (RFC 3629).
char32_t code_point(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  char32_t code = sequence.size() == 1 ? first : first & (0xFFU >> (sequence.size() + 1));
  for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3F);
  return code;
}

/// Characters that control a terminal (C0, DEL, C1), change the direction of the text around them,
/// separate lines, or have no width.
bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x61C || code == 0x200B ||
         code == 0x200E || code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
         (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
         (code >= 0xE0000 && code < 0xE0080);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (text[0] == '\t') {
      clean += ' ';
    } else if (length == 0 || is_control(code_point(text.substr(0, length)))) {
      clean += '?';
    } else {
      clean += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

std::string escape_controls(std::string_view json) {
  std::string escaped;
  while (!json.empty()) {
    const std::size_t length = std::max<std::size_t>(utf8_length(json), 1);
    const std::string_view sequence = json.substr(0, length);
    const char32_t code = code_point(sequence);
    if (json[0] != '\n' && is_control(code) && code < 0x10000) {
      std::array<char, 8> text{};
      std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(code));
      escaped += text.data();
    } else if (!is_control(code) || json[0] == '\n') {
      escaped += sequence;
    }
    json.remove_prefix(length);
  }
  return escaped;
}

std::string shell_quote(std::string_view text) {
  const auto plain = [](char c) {
    return alphanumeric(c) || std::strchr("_-./:,+@%=", c) != nullptr;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string scrub(std::string_view text) { return mask_urls(mask_passwords(std::string(text))); }

}  // namespace backups
