#include "host/state.hpp"

#include <utility>

namespace backups {
namespace {

Paths made(const std::filesystem::path& root) {
  Paths paths{root};
  make_state_directory(paths);
  return paths;
}

}  // namespace

State::State(const std::filesystem::path& root, std::filesystem::path hooks_directory,
             Environment environment)
    : paths(made(root)),
      hooks{std::move(hooks_directory), std::move(environment)},
      program{{}, root, hooks.directory},
      settings(paths),
      identity(paths, settings, events),
      targets(paths, settings, identity),
      catalog(paths, settings, targets.local()),
      locks(paths) {}

}  // namespace backups
