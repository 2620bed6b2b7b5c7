#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace backups {

/// An option of a verb: long, since ssh and Dokku lose short ones.
struct OptionSpec {
  const char* name;
  const char* value;  ///< what it takes, for the help ("TEXT"); null for a flag
  const char* help;
  bool repeatable = false;  ///< its values are joined with commas
};

/// How many words a verb takes besides its options.
struct WordCount {
  std::size_t fewest = 0;
  std::size_t most = 0;
};

/// What was written after a verb.
class Options {
 public:
  /// Throws Error, kBadInput, naming the word that is wrong: an unknown option, one given twice, a
  /// missing value, too many or too few words. `usage` is shown in it, the whole command: "dokku
  /// backups:create <source>".
  Options(const std::string& verb, const std::string& usage, const std::vector<OptionSpec>& specs,
          WordCount count, const std::vector<std::string>& arguments);

  bool flag(const std::string& name) const { return values_.contains(name); }
  std::optional<std::string> value(const std::string& name) const;
  /// A whole number from `least` on. Throws Error, kBadInput.
  std::optional<std::int64_t> number(const std::string& name, std::int64_t least) const;
  const std::vector<std::string>& words() const { return words_; }
  /// All of it as it was written, for a shell: "restore my-db@latest --into other".
  const std::string& command() const { return command_; }

 private:
  std::map<std::string, std::string> values_;
  std::vector<std::string> words_;
  std::string command_;
};

/// The value of --label, empty without one. Throws Error, kBadInput, unless it is a line of
/// printable UTF-8.
std::string label_of(const Options& options);

}  // namespace backups
