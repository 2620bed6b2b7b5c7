#include "cli/cli.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/user.hpp"
#include "cli/verb.hpp"
#include "host/ballast.hpp"
#include "host/version.hpp"
#include "lifecycle/recover.hpp"
#include "notify/alert.hpp"
#include "notify/metrics.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"
#include "sys/self.hpp"

namespace backups {
namespace {

/// The options that every verb takes. Dokku leaves its global flags, --trace among them, in argv.
std::vector<OptionSpec> with_common(std::vector<OptionSpec> options) {
  options.push_back({"format", "text|json", "output format"});
  options.push_back({"quiet", nullptr, "print results and failures only"});
  options.push_back({"trace", nullptr, "accepted for Dokku and ignored"});
  options.push_back({"help", nullptr, "print the help of this command"});
  options.push_back({"root", "DIR", "the state directory (only at a shell on the host)"});
  options.push_back({"hooks", "DIR", "the directory of the hooks (only at a shell on the host)"});
  return options;
}

/// The directory of the installed plugin: this program is bin/backups-helper in it.
fs::path plugin_directory() {
  return fs::read_symlink("/proc/self/exe").parent_path().parent_path();
}

/// DOKKU_LIB_ROOT. Cron does not set it: then it is derived from where the plugin is installed.
fs::path dokku_library() {
  if (const char* library = std::getenv("DOKKU_LIB_ROOT")) return library;
  const fs::path plugins = plugin_directory().parent_path().parent_path();
  return plugins.filename() == "plugins" ? plugins.parent_path() : "/var/lib/dokku";
}

fs::path state_root(const Options& options) {
  if (const auto root = options.value("root")) return fs::absolute(*root);
  return dokku_library() / "data" / "backups";
}

fs::path hooks_directory(const Options& options) {
  if (const auto hooks = options.value("hooks")) return fs::absolute(*hooks);
  return plugin_directory() / "hooks";
}

/// Callers through dokku must not choose what is run, or where.
void refuse_shell_options(const Options& options) {
  for (const char* name : {"root", "hooks"}) {
    if (called_by_dokku() && options.flag(name))
      throw Error(ErrorKind::kBadInput, std::string("--") + name + works_at_a_shell(options));
  }
}

bool wants_json(const Options& options) {
  const std::string format = options.value("format").value_or("text");
  if (format != "text" && format != "json")
    throw Error(ErrorKind::kBadInput,
                "--format takes text or json, not '" + printable(format) + "'");
  return format == "json";
}

void allow_default_settings(SettingsFile& settings) {
  try {
    settings.read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    log::warn(std::string(error.what()) + ". Until then the built-in defaults are used");
    settings.use_defaults();
  }
}

int run_on(const fs::path& root, const Verb& verb, const Options& options, bool json) {
  become_owner_of(root);
  keep_memory_private();
  if (verb.lends_ballast) lend_ballast(root, false);
  State state(root, hooks_directory(options), hook_environment(root));
  state.program.path = own_program();
  state.events.subscribe(
      [alerts = Alerts(state.program, state.settings, state.identity, state.catalog)](
          const HostEvent& event) { alerts.handle_event(event); });
  state.events.subscribe([metrics = Metrics(state.paths, state.settings, state.catalog)](
                             const HostEvent& event) { metrics.handle_event(event); });
  if (verb.is_read_only) allow_default_settings(state.settings);
  Call call{state, options, Resolver(state.hooks, state.paths, state.settings, state.catalog),
            json};
  // Messages depend on what the caller may see. On a full disk that cannot be determined.
  if (!verb.internal && has_disk_space(root, kSpaceToRecord))
    warn_of_replacements(call.state.paths, [&](const Source& source) {
      return !call.resolver.allowed({source}).empty();
    });
  return verb.run(call);
}

bool asks_for_help(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--help") != arguments.end();
}

std::string usage_of(const Verb& verb) {
  return trim(prefix_of(verb, command_prefix()) + verb.name + " " + verb.usage);
}

int run_verb(const Verb& verb, const std::vector<std::string>& arguments) {
  if (asks_for_help(arguments)) {
    print_help({verb.name});
    return 0;
  }
  const Options options(verb.name, usage_of(verb), with_common(verb.options), verb.words,
                        arguments);
  refuse_shell_options(options);
  const bool json = wants_json(options);
  log::set_quiet(options.flag("quiet") || std::getenv("DOKKU_QUIET_OUTPUT") != nullptr);

  const fs::path root = state_root(options);
  try {
    return run_on(root, verb, options, json);
  } catch (const Error& error) {
    const std::string why = error.what();
    std::error_code unseen;
    if (error.kind() == ErrorKind::kDamaged &&
        fs::exists(Database::damage_mark(root / "catalog.db"), unseen))
      throw Error(error.kind(),
                  "the catalog is damaged (" + why + "): run the command again, and it is rebuilt");
    if (error.kind() != ErrorKind::kNoSpace || why.find(command_prefix()) != std::string::npos)
      throw;
    throw Error(error.kind(), why + ". " + disk_space_advice(root));
  }
}

void print_version(const std::vector<std::string>& arguments) {
  const Verb& verb = stateless_verbs().front();
  if (asks_for_help(arguments)) return print_help({verb.name});
  const Options options(verb.name, usage_of(verb), with_common({}), verb.words, arguments);
  if (wants_json(options)) {
    print_json({{"version", kVersion}});
  } else {
    print(std::string("backups ") + kVersion + "\n");
  }
}

/// Everything is stored and printed as JSON, which has only valid UTF-8.
void refuse_other_encodings(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (is_utf8(word)) continue;
    throw Error(ErrorKind::kBadInput, "'" + printable(word) +
                                          "' is not valid UTF-8: nothing with such a name can be "
                                          "backed up. Rename it, or call it by its UTF-8 name");
  }
}

int dispatch(const std::vector<std::string>& words) {
  refuse_other_encodings(words);
  if (words.empty() || words[0] == "help" || words[0] == "--help") {
    print_help({words.begin() + (words.empty() ? 0 : 1), words.end()});
    return 0;
  }
  if (words[0] == "version" || words[0] == "--version") {
    print_version({words.begin() + 1, words.end()});
    return 0;
  }
  const Verb* verb = find_verb(words[0]);
  if (verb == nullptr) throw Error(ErrorKind::kBadInput, unknown_command(words[0]));
  return run_verb(*verb, {words.begin() + 1, words.end()});
}

}  // namespace

int run_cli(int argc, char** argv) {
  ::umask(0077);
  keep_memory_private();
  try {
    interrupt::install();
    return dispatch({argv + 1, argv + argc});
  } catch (const Error& error) {
    log::warn(error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    log::warn(std::string("failed: ") + error.what());
    return static_cast<int>(ErrorKind::kFailed);
  }
}

}  // namespace backups
