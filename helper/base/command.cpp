#include "base/command.hpp"

#include <cstdlib>
#include <filesystem>

namespace backups {
namespace {

/// True for <plugins>/available/backups/bin/backups-helper. Other directory names don't count:
/// Dokku calls a plugin's commands by the name of its directory.
bool is_installed() {
  std::error_code unseen;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", unseen);
  const auto plugin = program.parent_path().parent_path();
  return program.parent_path().filename() == "bin" && plugin.filename() == "backups" &&
         std::filesystem::exists(plugin / "plugin.toml", unseen);
}

}  // namespace

const std::string& command_prefix() {
  static const std::string kDokku = "dokku backups:";
  static const std::string kHelper = "backups-helper ";
  static const bool kInstalled = is_installed();
  return kInstalled || std::getenv("PLUGIN_PATH") != nullptr ? kDokku : kHelper;
}

std::string command(const std::string& verb) { return command_prefix() + verb; }

}  // namespace backups
