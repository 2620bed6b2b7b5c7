#pragma once

#include <string>
#include <vector>

namespace backups {

/// `help [<verb>]`, and for the plugin `help --dokku`, `help --dokku --all`, `help --completion`.
/// Throws Error, kBadInput, for a word that is no verb.
void print_help(const std::vector<std::string>& arguments);

}  // namespace backups
