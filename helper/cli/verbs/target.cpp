#include "model/target.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/copying.hpp"
#include "host/credentials.hpp"
#include "host/stop_here.hpp"
#include "host/target_type.hpp"

namespace backups {
namespace {

constexpr const char* kFlag = "true|false";
constexpr const char* kCredentials = "credentials";
constexpr int kMaxLines = 4;  // of credentials; one more than is valid

bool is_flag_option(const TargetOption& option) { return std::string(option.value_form) == kFlag; }

/// The options of all types, each once.
std::vector<OptionSpec> specs() {
  std::vector<OptionSpec> specs;
  std::set<std::string> names;
  for (const auto& type : target_types())
    for (const auto& option : type.options)
      if (names.insert(option.name).second)
        specs.push_back(
            {option.name, is_flag_option(option) ? nullptr : option.value_form, option.help});
  return specs;
}

/// Reads stdin; nothing if it is empty or a terminal.
std::optional<S3Credentials> credentials_from_stdin() {
  if (::isatty(STDIN_FILENO) == 1) return std::nullopt;
  std::string text;
  std::string line = read_line();
  for (int lines = 0; !line.empty() && lines < kMaxLines; ++lines, line = read_line())
    text += line + "\n";
  if (text.empty()) return std::nullopt;
  return parse_credentials(text);
}

/// Users of dokku must not make the helper use files and accounts of the host.
void refuse_host_options(const Options& options, const TargetOption& option) {
  if (called_by_dokku() && option.of_the_host)
    throw Error(ErrorKind::kBadInput, std::string("--") + option.name + works_at_a_shell(options));
}

/// The given options, by their names.
TargetOptions given_options(Call& call, const TargetType& type) {
  TargetOptions options{{"type", type.name}};
  std::set<std::string> known;
  for (const auto& option : type.options) {
    known.insert(option.name);
    if (!call.options.flag(option.name)) continue;
    refuse_host_options(call.options, option);
    options[option.name] =
        is_flag_option(option) ? "true" : call.options.value(option.name).value();
  }
  for (const auto& spec : specs())
    if (!known.contains(spec.name) && call.options.flag(spec.name))
      throw Error(ErrorKind::kBadInput, "--" + std::string(spec.name) +
                                            " is not an option of targets of type " + type.name);
  check_target_options(options);
  return options;
}

const TargetOption* find_option(const TargetType& type, const std::string& name) {
  for (const auto& option : type.options)
    if (option.name == name) return &option;
  return nullptr;
}

void require_target(const Settings& settings, const std::string& name) {
  if (!settings.targets.contains(name))
    throw Error(ErrorKind::kNotFound,
                "unknown target '" + printable(name) + "': see " + command("target-list"));
}

/// Throws Error, kKey, unless credentials are found although none were given. Since the target does
/// not exist yet, the advice is to repeat this command.
void require_found_credentials(Call& call, const std::string& name, const TargetOptions& options) {
  try {
    warn_of_environment(name, find_credentials(call.state.paths.root, name, options).origin);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kKey || options.contains("profile")) throw;
    throw Error(
        ErrorKind::kKey,
        "target " + name +
            " was not added: it has no credentials. Pass them on stdin: echo KEY:SECRET | " +
            as_typed(call.options));
  }
}

/// The backups with a copy on the target, or one in progress.
std::vector<Backup> copied_to(Catalog& catalog, const std::string& target) {
  Catalog::Filter all;
  all.deleted = true;
  auto backups = catalog.list(all);
  std::erase_if(backups, [&](const Backup& backup) {
    const Copy* copy = backup.copy_on(target);
    return copy == nullptr || !copy->may_be_there();
  });
  return backups;
}

int target_add(Call& call) {
  const std::string& name = call.word(0);
  if (!valid_target_name(name))
    throw Error(ErrorKind::kBadInput, "invalid target name '" + printable(name) +
                                          "': use lower-case letters, digits and dashes, beginning "
                                          "with a letter; 'local' is reserved");
  const TargetType& type = target_type(call.word(1));
  const TargetOptions options = given_options(call, type);
  call.resolver.authorise_everything();
  const auto given = type.needs_credentials ? credentials_from_stdin() : std::nullopt;
  if (type.needs_credentials && !given) require_found_credentials(call, name, options);
  call.state.settings.change([&](Settings& settings) {
    if (settings.targets.contains(name))
      throw Error(ErrorKind::kBadInput,
                  "target " + name + " already exists: change it with " + command("target-set"));
    if (given) save_credentials(call.state.paths.root, name, *given);
    settings.targets[name] = options;
  });
  log::result("Target " + name + " is added. Test it: " + command("target-test") + " " + name);
  if (call.json) print_json({{"target", name}, {"status", "added"}});
  return 0;
}

/// True if its process still lives.
bool is_being_made(const Paths& paths, const Locks& locks, const Backup& backup,
                   const std::string& target) {
  return backup.copy_on(target)->status == CopyStatus::kInProgress &&
         (is_being_copied(paths, backup, target) ||
          !locks.try_acquire(backup.source, "looking for uploads"));
}

/// The number of copies on the target. Throws Error, kBusy, if one is being made.
std::size_t copies_on(const Paths& paths, const Locks& locks, Catalog& catalog,
                      const std::string& target) {
  std::size_t copies = 0;
  for (const auto& backup : copied_to(catalog, target)) {
    if (is_being_made(paths, locks, backup, target))
      throw Error(ErrorKind::kBusy, "a copy of " + backup.id + " to " + target +
                                        " is running: try again when it has finished");
    if (backup.copy_on(target)->status != CopyStatus::kInProgress) ++copies;
  }
  return copies;
}

/// These options determine where copies are looked for. Changing them does not move any.
void require_no_move(Call& call, const std::string& name) {
  const std::size_t copies =
      copies_on(call.state.paths, call.state.locks, call.state.catalog.open(), name);
  if (copies == 0 || call.options.flag("force")) return;
  throw Error(
      ErrorKind::kRefused,
      "target " + name + " holds " + std::to_string(copies) +
          " copies, which would not be moved: for another location add another target with " +
          command("target-add") +
          ". If they are already at the new location, repeat this with --force and then run " +
          command("sync") + " " + name);
}

void change_option(Call& call, const std::string& name, const std::string& key,
                   const std::string& value) {
  const TargetOptions current = call.state.settings.read().targets.at(name);
  const TargetOption* option = find_option(type_of(current), key);
  const bool moves = option != nullptr && option->moves;
  if (moves) {
    TargetOptions changed = current;
    changed.erase(key);
    if (!value.empty()) changed[key] = value;
    check_target_options(changed);
    require_no_move(call, name);
  }
  std::optional<std::string> before;
  const auto set = [&](const std::optional<std::string>& wanted) {
    call.state.settings.change([&](Settings& settings) {
      require_target(settings, name);
      auto& options = settings.targets.at(name);
      if (const auto old = options.find(key); old != options.end()) before = old->second;
      options.erase(key);
      if (wanted) options[key] = *wanted;
      if (moves) check_target_options(options);
    });
  };
  set(value.empty() ? std::nullopt : std::optional(value));
  if (!moves) return;
  try {
    copies_on(call.state.paths, call.state.locks, call.state.catalog.open(), name);
  } catch (const Error&) {  // the upload began before the change, at the old place
    set(before);
    throw;
  }
}

int target_set(Call& call) {
  const std::string& name = call.word(0);
  const std::string& key = call.word(1);
  const std::string value = call.options.words().size() > 2 ? call.word(2) : "";
  call.resolver.authorise_everything();
  require_target(call.state.settings.read(), name);
  if (key == kCredentials) {
    if (!value.empty())
      throw Error(ErrorKind::kBadInput, "credentials are read from stdin, never from an argument");
    if (const auto given = credentials_from_stdin()) {
      save_credentials(call.state.paths.root, name, *given);
    } else {
      forget_credentials(call.state.paths.root, name);
    }
  } else {
    const TargetOptions current = call.state.settings.read().targets.at(name);
    const TargetType& type = type_of(current);
    const TargetOption* option = find_option(type, key);
    if (option != nullptr) refuse_host_options(call.options, *option);
    if (option == nullptr || !value.empty()) check_target_option(type, key, value);
    change_option(call, name, key, value);
  }
  log::result(std::string("Target ") + name + ": " + key + " is set");
  if (call.json) print_json({{"target", name}, {"status", "changed"}});
  return 0;
}

int target_list(Call& call) {
  call.resolver.authorise_everything();
  const Settings settings = call.state.settings.read();
  auto array = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows = {{"TARGET", "TYPE", "BUCKET", "ENDPOINT", "PREFIX"}};
  for (const auto& [name, options] : settings.targets) {
    TargetOptions rest = options;
    rest.erase("type");
    const std::string type = option_of(options, "type", target_types().front().name);
    array.push_back({{"name", name}, {"type", type}, {"options", rest}});
    rows.push_back({name, type, option_of(rest, "bucket", "-"), option_of(rest, "endpoint", "-"),
                    option_of(rest, "prefix", "-")});
  }
  if (call.json) {
    print_json({{"targets", array}});
  } else if (rows.size() == 1) {
    log::detail("No targets yet besides local. Add one: " + command("target-add") +
                " <target> s3 --bucket NAME");
  } else {
    print(format_table(rows));
  }
  return 0;
}

int target_remove(Call& call) {
  const std::string& name = call.word(0);
  call.resolver.authorise_everything();
  stop_here("target-remove");
  call.state.settings.change([&](Settings& settings) {
    require_target(settings, name);
    if (const auto uses = settings.uses_of(name); !uses.empty())
      throw Error(ErrorKind::kRefused, "target " + name + " is still used by " + join(uses, ", ") +
                                           ": remove it there first");
    for (const auto& backup : copied_to(call.state.catalog.open(), name))
      if (is_being_made(call.state.paths, call.state.locks, backup, name))
        throw Error(ErrorKind::kBusy, backup.id + " is being copied to " + name + " now");
    settings.targets.erase(name);
  });
  // These copies become unreachable and cannot be relied on for a restore.
  for (const auto& backup : copied_to(call.state.catalog.open(), name))
    call.state.catalog.open().mark_copy(backup,
                                        {name, CopyStatus::kLeft, "that target was removed", {}});
  call.state.events.publish(BackupsChanged{});
  forget_credentials(call.state.paths.root, name);
  log::result("Target " + name + " is removed; its contents were not deleted");
  if (call.json) print_json({{"target", name}, {"status", "removed"}});
  return 0;
}

}  // namespace

Verb target_add_verb() {
  return {"target-add",
          "<target> s3 --bucket NAME [--endpoint URL] [--region NAME] ...  < KEY:SECRET",
          "add a target for off-site copies",
          {2, 2},
          specs(),
          target_add};
}

Verb target_set_verb() {
  return {"target-set",
          "<target> <option> [<value>] [--force]",
          "change an option of a target",
          {2, 3},
          {{"force", nullptr, "even if existing copies will be looked for at another location"}},
          target_set};
}

Verb target_list_verb() {
  return {"target-list", "", "list the targets for off-site copies", {0, 0}, {}, target_list};
}

Verb target_remove_verb() {
  return {"target-remove", "<target>", "remove a target and leave its contents",
          {1, 1},          {},         target_remove};
}

}  // namespace backups
