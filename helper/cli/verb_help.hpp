#pragma once

#include <string>
#include <vector>

namespace backups {

/// What the help of a verb has besides the row of the verb itself.
struct VerbHelp {
  const char* verb;
  std::vector<const char*> examples;  ///< "{}" stands for command_prefix()
  std::vector<int> codes;             ///< exit codes besides those of every verb
  std::vector<const char*> related;
};

/// Verbs that belong together, in the order of the help.
struct VerbGroup {
  const char* title;
  std::vector<VerbHelp> verbs;
};

/// Every verb that a person calls, once.
const std::vector<VerbGroup>& verb_groups();

/// Returns nullptr for a verb without an entry: an internal one.
const VerbHelp* find_verb_help(const std::string& verb);

struct ExitCode {
  int code;
  const char* meaning;
};

/// Those that the verb can end with, in order.
std::vector<ExitCode> exit_codes_of(const std::string& verb);

}  // namespace backups
