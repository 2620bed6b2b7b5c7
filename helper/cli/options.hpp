#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backups {

/// An option of a verb. Long options only, since ssh and Dokku lose short ones.
struct OptionSpec {
  const char* name;
  const char* value;  ///< the form of its value, for the help ("TEXT"); null for a flag
  const char* help;
  bool repeatable = false;  ///< may be given several times; its values are joined with commas
};

/// How many positional arguments a verb takes.
struct WordCount {
  std::size_t fewest = 0;
  std::size_t most = 0;
};

/// The parsed arguments of a verb.
class Options {
 public:
  /// Throws Error, kBadInput, naming the argument that is wrong: an unknown or repeated option, a
  /// missing value, too many or too few positional arguments. The message contains `usage`, the
  /// complete command: "dokku backups:create <source>".
  Options(const std::string& verb, const std::string& usage, const std::vector<OptionSpec>& specs,
          WordCount count, const std::vector<std::string>& arguments);

  bool flag(const std::string& name) const { return values_.contains(name); }
  std::optional<std::string> value(const std::string& name) const;
  /// The value as a number of at least `least`. Throws Error, kBadInput.
  std::optional<std::int64_t> number(const std::string& name, std::int64_t least) const;
  const std::vector<std::string>& words() const { return words_; }
  /// The complete arguments, quoted for a shell: "restore my-db@latest --into other".
  const std::string& command() const { return command_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> words_;
  std::string command_;
};

/// The value of --label; empty if it is not given. Throws Error, kBadInput, unless it is a line of
/// printable UTF-8.
std::string label_of(const Options& options);

}  // namespace backups
