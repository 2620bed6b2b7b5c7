#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

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

int set(Call& call) {
  std::vector<std::string> words = call.options.words();
  std::string scope = Settings::kGlobal;
  if (call.options.flag("global")) {
    call.resolver.authorise_everything();
  } else {
    if (words[0].starts_with("app:"))
      throw Error(ErrorKind::kBadInput, "apps have no properties: say a source, or --global");
    scope = call.resolver.known_source(words[0]).text();
    words.erase(words.begin());
  }
  if (words.empty() || words.size() > 2)
    throw Error(ErrorKind::kBadInput, words.empty()
                                          ? "say which property to set"
                                          : "'" + printable(words[2]) + "' is one word too many");
  const Property& property = property_of(words[0]);
  const std::string value = words.size() == 2 ? words[1] : "";
  if (!value.empty() && !property.valid(value))
    throw Error(ErrorKind::kBadInput, std::string(property.name) + " takes " + property.takes +
                                          ", not '" + printable(value) + "'");
  call.state.change_settings(
      [&](Settings& settings) { settings.set(scope, property.name, value); });
  log::result(value.empty() ? std::string("Unsetting ") + property.name
                            : std::string("Setting ") + property.name + " to " + value);
  if (call.json) print_json({{"scope", scope}, {"key", property.name}, {"value", value}});
  return 0;
}

}  // namespace

Verb set_verb() {
  return {"set",
          "<source>|--global <key> [<value>]",
          "set a property or unset it",
          {1, 3},
          {{"global", nullptr, "for every source that has no value of its own"}},
          set};
}

}  // namespace backups
