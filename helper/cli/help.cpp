#include "cli/help.hpp"

#include <algorithm>
#include <cstdio>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/nearest.hpp"
#include "base/text.hpp"
#include "cli/manual.hpp"
#include "cli/verb_help.hpp"
#include "host/version.hpp"
#include "model/property.hpp"

namespace backups {
namespace {

constexpr std::size_t kHelpWidth = 100;
constexpr std::size_t kIndent = 4;
constexpr const char* kHelper = "backups-helper ";

struct Line {
  std::string left;
  std::string right;
};

/// The words of a text, each with the space before it. A list without spaces that is longer than a
/// line is split at its commas.
std::vector<std::string> pieces_of(const std::string& text, std::size_t width) {
  std::vector<std::string> pieces;
  for (const auto& word : split(text, ' ')) {
    std::string piece = " ";
    for (const char c : word) {
      piece += c;
      if (c != ',' || word.size() <= width) continue;
      pieces.push_back(piece);
      piece.clear();
    }
    if (!piece.empty()) pieces.push_back(piece);
  }
  return pieces;
}

/// Appends `text` to `first`, broken at spaces, with following lines indented by `indent`.
std::string wrapped(const std::string& first, const std::string& text, std::size_t indent) {
  std::string result;
  std::string line = first;
  bool is_first = true;
  for (const auto& piece : pieces_of(text, kHelpWidth - indent)) {
    const std::string word = piece.starts_with(" ") ? piece.substr(1) : piece;
    if (!is_first && line.size() + piece.size() > kHelpWidth) {
      result += line + "\n";
      line = std::string(indent, ' ') + word;
    } else {
      line += is_first ? word : piece;
    }
    is_first = false;
  }
  return result + line + "\n";
}

std::string columns(const std::vector<Line>& lines) {
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.left.size());
  std::string text;
  for (const auto& line : lines) {
    std::string first = std::string(kIndent, ' ') + line.left;
    first.resize(kIndent + width + 2, ' ');
    text += wrapped(first, line.right, first.size());
  }
  return text;
}

/// The verbs that a person calls, including the two without a state directory.
std::vector<Verb> public_verbs() {
  std::vector<Verb> found;
  for (const auto* list : {&verbs(), &stateless_verbs()})
    for (const auto& verb : *list)
      if (!verb.internal) found.push_back(verb);
  return found;
}

const Verb* find_any(const std::string& name) {
  for (const auto* list : {&verbs(), &stateless_verbs()})
    for (const auto& verb : *list)
      if (name == verb.name) return &verb;
  return nullptr;
}

/// A short usage, without options.
std::string short_usage(const Verb& verb) {
  const std::string usage = verb.usage;
  return trim(usage.substr(0, std::min(usage.find("[--"), usage.find("< "))));
}

void print_for_dokku(bool all) {
  if (!all) {
    std::puts("    backups, Back up databases and restore them");
    return;
  }
  std::string text;
  for (const auto& verb : public_verbs()) {
    const std::string left = trim("backups:" + std::string(verb.name) + " " + short_usage(verb));
    text += "    " + left + ", " + verb.summary + "\n";
  }
  std::fputs(text.c_str(), stdout);
}

void print_completion() {
  for (const auto& verb : public_verbs()) std::puts(verb.name);
}

std::string overview_text(const std::string& prefix) {
  std::string text = "Usage: " + prefix + "<command> [<argument>...]\n\nbackups " + kVersion +
                     ": back up databases and restore them.\n";
  for (const auto& group : verb_groups()) {
    std::vector<Line> lines;
    for (const auto& help : group.verbs)
      if (const Verb* verb = find_any(help.verb); !verb->internal)
        lines.push_back({verb->name, verb->summary});
    if (!lines.empty()) text += std::string("\n") + group.title + ":\n" + columns(lines);
  }
  text += "\nExamples:\n";
  for (const char* example :
       {"create postgres:my-db", "schedule postgres:my-db --daily 02:00", "restore my-db@latest"})
    text += "    " + prefix + example + "\n";
  return text +
         "\nA <source> is <type>:<name>, such as postgres:my-db, or <name> if only one has it.\n"
         "A <backup> is its id, or <source>@latest.\n" +
         prefix + "help <command> prints the options of a command.\n";
}

std::vector<Line> option_lines(const Verb& verb) {
  std::vector<Line> lines;
  for (const auto& option : verb.options) {
    const std::string value = option.value == nullptr ? "" : std::string(" ") + option.value;
    lines.push_back({std::string("--") + option.name + value, option.help});
  }
  return lines;
}

std::vector<Line> property_lines() {
  std::vector<Line> lines;
  for (const auto& property : properties()) {
    const std::string value = property.default_value;
    const std::string value_form = property.value_form;
    const bool is_named =
        value.empty() || value_form.ends_with(value);  // `value_form` names it already
    lines.push_back({property.name, value_form + (is_named ? "" : " (default: " + value + ")")});
  }
  return lines;
}

/// The examples, exit codes and related verbs.
std::string rest_of_help(const Verb& verb, const std::string& prefix) {
  std::string text;
  const VerbHelp* help = find_verb_help(verb.name);
  if (help != nullptr) {
    text += "\nExamples:\n";
    for (std::string example : help->examples) {
      if (const auto at = example.find("{}"); at != std::string::npos)
        example.replace(at, 2, prefix);
      text += wrapped("    ", example, 2 * kIndent);
    }
  }
  text += "\nExit codes:\n";
  std::vector<Line> codes;
  for (const auto& [code, meaning] : exit_codes_of(verb.name))
    codes.push_back({std::to_string(code), meaning});
  text += columns(codes);
  if (help != nullptr && !help->related.empty())
    text += "\nSee also: " + join({help->related.begin(), help->related.end()}, ", ") + "\n";
  return text;
}

}  // namespace

std::string prefix_of(const Verb& verb, const std::string& prefix) {
  return verb.internal ? kHelper : prefix;
}

std::string verb_help_text(const Verb& verb, const std::string& prefix) {
  const std::string own_prefix = prefix_of(verb, prefix);
  std::string text =
      wrapped("Usage: ", trim(own_prefix + verb.name + " " + verb.usage), 2 * kIndent);
  text += std::string("\n    ") + verb.summary + "\n";
  if (!verb.options.empty()) text += "\nOptions:\n" + columns(option_lines(verb));
  if (verb.name == std::string("set")) text += "\nProperties:\n" + columns(property_lines());
  text += "\nEvery command also takes --format text|json, --quiet and --help.\n";
  return text + rest_of_help(verb, own_prefix);
}

std::string unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const auto& verb : public_verbs()) names.emplace_back(verb.name);
  const auto nearest = nearest_name(word, names);
  return "unknown command " + in_quotes(word) +
         (nearest ? ": did you mean " + *nearest + "? See " : ": see ") + command("help");
}

void print_help(const std::vector<std::string>& arguments) {
  const auto has = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  const auto print = [](const std::string& text) { std::fputs(text.c_str(), stdout); };
  if (has("--dokku")) return print_for_dokku(has("--all"));
  if (has("--completion")) return print_completion();
  if (has("--markdown")) return print(markdown_manual());
  if (has("--man")) return print(man_page());
  std::string name = arguments.empty() ? "" : arguments[0];
  if (name == "--help") name = "help";
  if (name.empty() || name.starts_with("--")) return print(overview_text(command_prefix()));
  if (name.starts_with("backups:")) name = name.substr(8);
  const Verb* verb = find_any(name);
  if (verb == nullptr) throw Error(ErrorKind::kBadInput, unknown_command(name));
  print(verb_help_text(*verb, command_prefix()));
}

}  // namespace backups
