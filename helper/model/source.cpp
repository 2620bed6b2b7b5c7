#include "model/source.hpp"

#include <algorithm>

namespace backups {
namespace {

constexpr std::size_t kLongestName = 100;
constexpr std::size_t kDigits =
    16;  // of a digest; enough that no other path can be constructed for them

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; }

std::string stored_name(const std::string& path, const std::string& digest) {
  std::string name = path.substr(path.rfind('/') + 1).substr(0, kLongestName - kDigits - 1);
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_name_character(c); }, '_');
  if (!name.empty() && (name[0] == '.' || name[0] == '-')) name[0] = '_';
  return name + "-" + digest.substr(0, kDigits);
}

}  // namespace

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name[0] != '.' && name[0] != '-' &&
         std::all_of(name.begin(), name.end(), is_name_character);
}

bool valid_type(std::string_view type) {
  const auto ok = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !type.empty() && type.size() <= 30 && type[0] >= 'a' && type[0] <= 'z' &&
         std::all_of(type.begin(), type.end(), ok);
}

std::optional<Source> make_source(const std::string& type, const std::string& address,
                                  const std::string& digest) {
  Source source{type, address, address};
  if (source.is_path()) source.name = stored_name(address, digest);
  if (!valid_type(type) || !valid_name(source.name)) return std::nullopt;
  return source;
}

}  // namespace backups
