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

/// The only variables that are passed on to hooks.
constexpr auto kPassedOn = std::to_array<std::string_view>({"PATH",
                                                            "HOME",
                                                            "DOKKU_ROOT",
                                                            "DOKKU_LIB_ROOT",
                                                            "DOKKU_HOST_ROOT",
                                                            "DOKKU_LIB_HOST_ROOT",
                                                            "DOKKU_DISTRO",
                                                            "DOKKU_LOGS_DIR",
                                                            "DOKKU_API_VERSION",
                                                            "DOKKU_NOT_IMPLEMENTED_EXIT",
                                                            "DOKKU_VALID_EXIT",
                                                            "DOKKU_SYSTEM_USER",
                                                            "DOKKU_SYSTEM_GROUP",
                                                            "DOKKU_GLOBAL_RUN_ARGS",
                                                            "PLUGIN_PATH",
                                                            "PLUGIN_AVAILABLE_PATH",
                                                            "PLUGIN_ENABLED_PATH",
                                                            "PLUGIN_CORE_PATH",
                                                            "PLUGIN_CORE_AVAILABLE_PATH",
                                                            "PLUGIN_CORE_ENABLED_PATH",
                                                            "DOCKER_BIN",
                                                            "SSH_USER",
                                                            "SSH_NAME",
                                                            "NAME"});

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

void read_environment_file(const fs::path& path, Environment& environment) {
  std::optional<std::string> text;
  try {
    text = read_file(path);
  } catch (const Error& error) {
    log::warn(std::string(error.what()) +
              ". It is ignored; to write it again, run as root: dokku plugin:install");
  }
  for (const auto& line : split(text.value_or(""), '\n')) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals);
    if (std::find(kPassedOn.begin(), kPassedOn.end(), name) != kPassedOn.end())
      environment.emplace(name, line.substr(equals + 1));
  }
}

}  // namespace

Environment hook_environment(const fs::path& root) {
  Environment environment;
  for (const auto name : kPassedOn) {
    if (const char* value = std::getenv(name.data())) environment[std::string(name)] = value;
  }
  read_environment_file(root / "environment", environment);
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
