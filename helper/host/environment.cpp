#include "host/environment.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

/// Dokku's settings of this host.
constexpr auto kSettings = std::to_array<const char*>(
    {"DOKKU_ROOT", "DOKKU_LIB_ROOT", "DOKKU_HOST_ROOT", "DOKKU_LIB_HOST_ROOT", "DOKKU_DISTRO",
     "DOKKU_LOGS_DIR", "DOKKU_API_VERSION", "DOKKU_NOT_IMPLEMENTED_EXIT", "DOKKU_VALID_EXIT",
     "DOKKU_SYSTEM_USER", "DOKKU_SYSTEM_GROUP", "DOKKU_GLOBAL_RUN_ARGS", "PLUGIN_PATH",
     "PLUGIN_AVAILABLE_PATH", "PLUGIN_ENABLED_PATH", "PLUGIN_CORE_PATH",
     "PLUGIN_CORE_AVAILABLE_PATH", "PLUGIN_CORE_ENABLED_PATH", "DOCKER_BIN"});

/// Variables of one call.
constexpr auto kOfTheCall =
    std::to_array<const char*>({"PATH", "HOME", "SSH_USER", "SSH_NAME", "NAME"});

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

template <typename Names>
Environment variables(const Names& names) {
  Environment found;
  for (const char* name : names)
    if (const char* value = std::getenv(name)) found.emplace(name, value);
  return found;
}

Environment read_settings(const fs::path& path) {
  std::optional<std::string> text;
  try {
    text = read_file(path);
  } catch (const Error& error) {
    log::warn(std::string(error.what()) +
              ". It is ignored; once it is removed, the next command of dokku writes it again");
  }
  Environment settings;
  for (const auto& line : split(text.value_or(""), '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (std::find(kSettings.begin(), kSettings.end(), name) != kSettings.end())
      settings.emplace(name, line.substr(equals + 1));
  }
  return settings;
}

/// Nothing depends on it at once: where the disk is full, a later command writes it.
void write_settings(const fs::path& path, const Environment& settings) {
  std::string text;
  for (const auto& [name, value] : settings)
    if (value.find('\n') == std::string::npos) text += name + "=" + value + "\n";
  try {
    write_file_atomically(path, text);
  } catch (const Error& error) {
    log::step("Dokku's paths could not be noted for cron: " + std::string(error.what()));
  }
}

}  // namespace

Environment hook_environment(const fs::path& root) {
  const fs::path file = root / "environment";
  Environment environment = variables(kSettings);
  const Environment noted = read_settings(file);
  environment.insert(noted.begin(), noted.end());
  if (called_by_dokku() && environment != noted && fs::exists(root))
    write_settings(file, environment);
  environment.merge(variables(kOfTheCall));
  environment.emplace("PATH", kDefaultPath);
  environment.emplace("HOME", "/");
  environment.emplace("DOCKER_BIN", "docker");
  environment["LC_ALL"] = "C.UTF-8";
  return environment;
}

bool called_by_dokku() { return std::getenv("PLUGIN_PATH") != nullptr; }

Command Program::command(const std::string& verb) const {
  Command command;
  command.argv = {path, verb, "--root", root, "--hooks", hooks};
  command.environment = own_environment();
  command.environment.erase("PLUGIN_PATH");  // its presence means that dokku called
  return command;
}

}  // namespace backups
