#include "cli/help.hpp"

#include <algorithm>
#include <cstdio>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/verb.hpp"
#include "host/version.hpp"

namespace backups {
namespace {

struct Line {
  std::string left;
  std::string right;
};

/// Every command, the two without a state directory among them. Options are left to the help of
/// the command.
std::vector<Line> command_lines() {
  std::vector<Line> lines;
  const auto add = [&](const std::string& name, std::string usage, const char* summary) {
    usage = usage.substr(0, std::min(usage.find("[--"), usage.find("< ")));
    lines.push_back({trim("backups:" + name + " " + usage), summary});
  };
  for (const auto& verb : verbs())
    if (!verb.internal) add(verb.name, verb.usage, verb.summary);
  add("version", "", "print the version of the plugin");
  add("help", "[<command>]", "print this or the help of one command");
  return lines;
}

void print_columns(const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.left.size());
  for (const auto& line : lines)
    std::printf("    %-*s  %s\n", static_cast<int>(width), line.left.c_str(), line.right.c_str());
}

void print_for_dokku(bool all) {
  if (!all) {
    std::puts("    backups, Back up databases and put them back");
    return;
  }
  for (const auto& line : command_lines())
    std::printf("    %s, %s\n", line.left.c_str(), line.right.c_str());
}

void print_completion() {
  for (const auto& verb : verbs())
    if (!verb.internal) std::puts(verb.name);
  std::puts("version\nhelp");
}

void print_overview() {
  std::printf("Usage: dokku backups:<command> [<argument>...]\n\n");
  std::printf("backups %s: back up databases and put them back.\n\nCommands:\n", kVersion);
  print_columns(command_lines());
  std::printf(
      "\nA <source> is <type>:<name> (postgres:my-db), or <name> where only one has it.\n"
      "A <backup> is its id, or <source>@latest.\n"
      "Every command takes --format json, --quiet and --help.\n");
}

void print_verb(const Verb& verb) {
  const std::string usage = trim(std::string(verb.name) + " " + verb.usage);
  std::printf("Usage: dokku backups:%s\n\n    %s\n", usage.c_str(), verb.summary);
  if (verb.options.empty()) return;
  std::printf("\nOptions:\n");
  std::vector<Line> lines;
  for (const auto& option : verb.options) {
    const std::string value = option.value == nullptr ? "" : std::string(" ") + option.value;
    lines.push_back({std::string("--") + option.name + value, option.help});
  }
  print_columns(lines);
}

}  // namespace

void print_help(const std::vector<std::string>& arguments) {
  const auto has = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  if (has("--dokku")) return print_for_dokku(has("--all"));
  if (has("--completion")) return print_completion();
  if (arguments.empty() || arguments[0].starts_with("--")) return print_overview();
  std::string name = arguments[0];
  if (name.starts_with("backups:")) name = name.substr(8);
  const Verb* verb = find_verb(name);
  if (name == "help" || name == "version") return print_overview();
  if (verb == nullptr)
    throw Error(ErrorKind::kBadInput,
                "there is no command 'backups:" + printable(name) + "': see backups:help");
  print_verb(*verb);
}

}  // namespace backups
