#pragma once

#include <filesystem>

#include "host/catalog_file.hpp"
#include "host/environment.hpp"
#include "host/events.hpp"
#include "host/identity.hpp"
#include "host/locks.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "host/targets.hpp"

namespace backups {

/// The parts of one host, for operations on all of them: a backup, a restore, the tick. Everything
/// else takes only the parts that it uses.
struct State {
  /// Creates the state directory `root` if it does not exist. `environment` is passed to hooks.
  State(const std::filesystem::path& root, std::filesystem::path hooks, Environment environment);
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Paths paths;
  Hooks hooks;
  Program program;
  Events events;
  SettingsFile settings;
  Identity identity;
  Targets targets;
  CatalogFile catalog;
  Locks locks;
};

}  // namespace backups
