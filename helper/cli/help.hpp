#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace backups {

/// Prints `help [<verb>]`; for the plugin also `help --dokku`, `help --dokku --all` and `help
/// --completion`; for the documentation `help --markdown` (docs/cli.md) and `help --man`
/// (docs/backups-helper.1). Throws Error, kBadInput, for an unknown verb.
void print_help(const std::vector<std::string>& arguments);

/// The help of one verb, called with `prefix` (base/command.hpp), in lines of at most 100 columns.
std::string verb_help_text(const Verb& verb, const std::string& prefix);

/// "backups-helper " for an internal verb, which Dokku has no command for; otherwise `prefix`.
std::string prefix_of(const Verb& verb, const std::string& prefix);

/// "unknown command 'creat': did you mean create? See dokku backups:help"
std::string unknown_command(const std::string& word);

}  // namespace backups
