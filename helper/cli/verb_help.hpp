#pragma once

#include <string>
#include <vector>

namespace backups {

/// The part of a verb's help that is not in its row.
struct VerbHelp {
  const char* verb;
  std::vector<const char*> examples;  ///< "{}" is replaced by command_prefix()
  std::vector<int> codes;             ///< exit codes besides those of every verb
  std::vector<const char*> related;
};

/// Related verbs, in the order of the help.
struct VerbGroup {
  const char* title;
  std::vector<VerbHelp> verbs;
};

/// All verbs that a person calls, each once.
const std::vector<VerbGroup>& verb_groups();

/// Returns nullptr for an internal verb.
const VerbHelp* find_verb_help(const std::string& verb);

struct ExitCode {
  int code;
  const char* meaning;
};

/// The exit codes of a verb, in order.
std::vector<ExitCode> exit_codes_of(const std::string& verb);

}  // namespace backups
