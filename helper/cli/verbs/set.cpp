#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/scope.hpp"
#include "cli/verb.hpp"
#include "host/targets.hpp"

namespace backups {
namespace {

const Property& property_of(const std::string& key) {
  if (const Property* property = find_property(key)) return *property;
  std::vector<std::string> names;
  for (const auto& property : properties()) names.emplace_back(property.name);
  throw Error(ErrorKind::kBadInput,
              "Invalid property '" + printable(key) +
                  "' specified, valid properties include: " + join(names, ", "));
}

/// Throws Error if the property cannot be set for `scope`, or not by this caller.
void refuse_wrong_place(const Options& options, const Property& property,
                        const std::string& scope) {
  if (property.is(Property::kShellOnly) && called_by_dokku())
    throw Error(ErrorKind::kBadInput, property.name + works_at_a_shell(options));
  const bool app = scope.starts_with(kAppScope);
  if (property.is(Property::kOfApps) ? !app && scope != Settings::kGlobal : app)
    throw Error(ErrorKind::kBadInput,
                std::string(property.name) +
                    (app ? " cannot be set for an app: specify a source or --global"
                         : " is a property of apps: specify app:<app>"));
  if (property.is(Property::kGlobalOnly) && scope != Settings::kGlobal)
    throw Error(ErrorKind::kBadInput,
                std::string(property.name) + " applies to the whole host: use --global");
}

/// Secrets are read from stdin, so that they are not in the list of processes or a shell's history.
std::string value_of(const Property& property, const std::vector<std::string>& words) {
  const std::string value = words.size() == 2 ? words[1] : "";
  if (value != "-" || !property.is(Property::kSecret)) return value;
  const std::string line = read_line();
  if (line.empty()) throw Error(ErrorKind::kBadInput, "no value was given on stdin");
  return line;
}

/// For a property where the word for what it is set for is missing.
Error missing_scope(const Property& property) {
  const bool host = property.is(Property::kGlobalOnly);
  const std::string of = property.is(Property::kOfApps) ? "app:<app>" : "<source>";
  const std::string set = command("set") + " ";
  return {ErrorKind::kBadInput, property.name +
                                    std::string(host ? " is a property of the whole host: "
                                                     : " is a property, not a source: ") +
                                    (host ? "" : set + of + " " + property.name + " <value>, or ") +
                                    set + "--global " + property.name + " <value>"};
}

std::string set_scope(Call& call, const std::string& word) {
  try {
    return scope_of(call, word);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw;
    if (const Property* property = find_property(word)) throw missing_scope(*property);
    if (word.starts_with(kAppScope) || !is_own_app(call, word)) throw;
    throw Error(ErrorKind::kNotFound, "no source is called " + in_quotes(word) +
                                          ", but an app is: for its properties, specify " +
                                          kAppScope + word);
  }
}

int set(Call& call) {
  std::vector<std::string> words = call.options.words();
  std::string scope = Settings::kGlobal;
  if (call.options.flag("global")) {
    call.resolver.authorise_everything();
  } else {
    scope = set_scope(call, words[0]);
    words.erase(words.begin());
  }
  if (words.empty() || words.size() > 2)
    throw Error(ErrorKind::kBadInput, words.empty()
                                          ? "missing argument <key>: specify the property to set"
                                          : "unexpected argument " + in_quotes(words[2]));
  const Property& property = property_of(words[0]);
  refuse_wrong_place(call.options, property, scope);
  const std::string value = value_of(property, words);
  const std::string shown = property.shown(value);
  if (!value.empty() && !property.valid(value))
    throw Error(ErrorKind::kBadInput, std::string(property.name) + " takes " + property.value_form +
                                          ", not '" + shown + "'");
  if (property.name == std::string("targets") && !value.empty())
    require_targets(call.state.settings.read(), parse_target_list(value));
  call.state.settings.change(
      [&](Settings& settings) { settings.set(scope, property.name, value); });
  log::result(value.empty() ? std::string("Unsetting ") + property.name
                            : std::string("Setting ") + property.name + " to " + shown);
  if (call.json) print_json({{"scope", scope}, {"key", property.name}, {"value", shown}});
  return 0;
}

}  // namespace

Verb set_verb() {
  return {"set",
          "<source>|app:<app>|--global <key> [<value>]",
          "set or unset a property",
          {1, 3},
          {{"global", nullptr, "set the default of the whole host"}},
          set,
          false,
          true};
}

}  // namespace backups
