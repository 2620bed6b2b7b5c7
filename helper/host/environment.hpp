#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sys/process.hpp"

namespace backups {

using Environment = std::map<std::string, std::string>;

/// The environment of hooks: Dokku's paths and the caller. What is missing, as it is under cron, is
/// taken from `<root>/environment`, where each call by dokku notes its paths if they have changed.
Environment hook_environment(const std::filesystem::path& root);

/// True if dokku started this process, possibly for a caller with restricted rights.
bool called_by_dokku();

/// The directory of the hooks and their environment.
struct Hooks {
  std::filesystem::path directory;
  Environment environment;
};

/// How to start this program again for work in the background. With an empty path, nothing is
/// started.
struct Program {
  std::filesystem::path path;
  std::filesystem::path root;
  std::filesystem::path hooks;

  /// A verb on the same state directory, with the rights of a shell.
  Command command(const std::string& verb) const;
};

}  // namespace backups
