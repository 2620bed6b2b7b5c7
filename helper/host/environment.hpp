#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "sys/process.hpp"

namespace backups {

using Environment = std::map<std::string, std::string>;

/// What hooks see of our environment: Dokku's paths and who called. `<root>/environment` has what
/// is missing there, as it is from cron.
Environment hook_environment(const std::filesystem::path& root);

/// True when dokku started us, for somebody who may not do everything.
bool called_by_dokku();

/// Where hooks are, and what they see of our environment.
struct Hooks {
  std::filesystem::path directory;
  Environment environment;
};

/// This program, to be started for work in the background. Without a path none is started.
struct Program {
  std::filesystem::path path;
  std::filesystem::path root;
  std::filesystem::path hooks;

  /// One of its verbs, on the same state directory, as at a shell.
  Command command(const std::string& verb) const;
};

}  // namespace backups
