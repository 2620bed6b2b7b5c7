#include "cli/options.hpp"

#include <cstdint>
#include <cxxopts.hpp>

#include "base/error.hpp"
#include "base/nearest.hpp"
#include "base/text.hpp"

namespace backups {
namespace {

[[noreturn]] void bad_input(const std::string& what, const std::string& usage) {
  throw Error(ErrorKind::kBadInput, what + (what.ends_with("?") ? "" : ".") + " Usage: " + usage);
}

cxxopts::Options make_parser(const std::string& verb, const std::vector<OptionSpec>& specs) {
  cxxopts::Options parser(verb);
  for (const auto& spec : specs) {
    const std::shared_ptr<cxxopts::Value> value =
        spec.value == nullptr ? std::static_pointer_cast<cxxopts::Value>(cxxopts::value<bool>())
                              : cxxopts::value<std::string>();
    parser.add_options()(spec.name, spec.help, value);
  }
  return parser;
}

const OptionSpec* find_spec(const std::vector<OptionSpec>& specs, const std::string& name) {
  for (const auto& spec : specs)
    if (name == spec.name) return &spec;
  return nullptr;
}

std::string unknown_option(const std::string& name, const std::vector<OptionSpec>& specs) {
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(std::string("--") + spec.name);
  const auto nearest = nearest_name(name, names);
  return "unknown option " + in_quotes(name) + (nearest ? ": did you mean " + *nearest + "?" : "");
}

/// The placeholder of the positional argument of that index in a usage, such as " <source>"; empty
/// if it has none.
std::string nth_argument(const std::string& usage, std::size_t index) {
  std::size_t at = usage.find(" <");
  for (; index > 0 && at != std::string::npos; --index) at = usage.find(" <", at + 1);
  const std::size_t end = at == std::string::npos ? at : usage.find('>', at);
  return end == std::string::npos ? "" : usage.substr(at, end + 1 - at);
}

/// Returns the options among the arguments, with each value as an argument of its own, because
/// cxxopts searches "=" with a regular expression. Positional arguments are added to `words`,
/// because cxxopts would split them at commas.
std::vector<std::string> set_words_aside(const std::string& usage,
                                         const std::vector<OptionSpec>& specs,
                                         const std::vector<std::string>& arguments,
                                         std::vector<std::string>& words) {
  std::vector<std::string> options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (!word.starts_with("-") || word == "-") {
      if (word.empty()) bad_input("empty argument", usage);
      words.push_back(word);
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionSpec* spec = name.starts_with("--") ? find_spec(specs, name.substr(2)) : nullptr;
    if (spec == nullptr) bad_input(unknown_option(name, specs), usage);
    if (spec->value == nullptr && equals != std::string::npos)
      bad_input(name + " takes no value", usage);
    options.push_back(name);
    if (spec->value == nullptr) continue;
    if (equals != std::string::npos) {
      options.push_back(word.substr(equals + 1));
    } else if (++i < arguments.size()) {
      options.push_back(arguments[i]);
    } else {
      bad_input(name + " needs a value (" + spec->value + ")", usage);
    }
  }
  return options;
}

}  // namespace

Options::Options(const std::string& verb, const std::string& usage,
                 const std::vector<OptionSpec>& specs, WordCount count,
                 const std::vector<std::string>& arguments)
    : command_(verb) {
  for (const auto& argument : arguments) command_ += " " + shell_quote(argument);
  const auto options = set_words_aside(usage, specs, arguments, words_);
  std::vector<char*> pointers = {const_cast<char*>(verb.c_str())};
  for (const auto& option : options) pointers.push_back(const_cast<char*>(option.c_str()));
  auto argc = static_cast<int>(pointers.size());
  char** argv = pointers.data();  // cxxopts 2 (Ubuntu 22.04) takes references to both
  try {
    auto parser = make_parser(verb, specs);
    const auto result = parser.parse(argc, argv);
    for (const auto& argument : result.arguments()) {
      const auto [found, first] = values_.emplace(argument.key(), argument.value());
      if (first) continue;
      if (!find_spec(specs, argument.key())->repeatable)
        bad_input("--" + argument.key() + " is given twice", usage);
      found->second += "," + argument.value();
    }
  } catch (const Error&) {
    throw;
  } catch (
      const std::exception& error) {  // the exception's class is named differently in each release
    bad_input(printable(error.what()), usage);
  }
  if (words_.size() > count.most)
    bad_input("unexpected argument " + in_quotes(words_[count.most]), usage);
  if (words_.size() < count.fewest)
    bad_input("missing argument" + nth_argument(usage, words_.size()), usage);
}

std::optional<std::string> Options::value(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::int64_t> Options::number(const std::string& name, std::int64_t least) const {
  const auto text = value(name);
  if (!text) return std::nullopt;
  const auto parsed = parse_number(*text);
  if (!parsed || *parsed < least)
    throw Error(ErrorKind::kBadInput, "--" + name + " takes a whole number of at least " +
                                          std::to_string(least) + ", not '" + printable(*text) +
                                          "'");
  return parsed;
}

std::string label_of(const Options& options) {
  const std::string label = options.value("label").value_or("");
  if (printable(label) != label || label.size() > 200)
    throw Error(ErrorKind::kBadInput, "a label is one line of at most 200 bytes, not '" +
                                          printable(label).substr(0, 40) + "'");
  return label;
}

}  // namespace backups
