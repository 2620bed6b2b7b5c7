#include "host/paths.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::array<std::string_view, 4> kOwnDirectories = {"locks", "run", "logs", "secrets"};

}  // namespace

void make_state_directory(const Paths& paths) {
  make_directories(paths.root);
  for (const auto name : kOwnDirectories) make_directories(paths.root / name);
}

bool is_own_directory(const std::string& name) {
  return std::find(kOwnDirectories.begin(), kOwnDirectories.end(), name) != kOwnDirectories.end();
}

std::string key_of(const Source& source, const std::string& file) {
  return source.type + "/" + source.name + "/" + file;
}

}  // namespace backups
