#pragma once

#include <string>

namespace backups {

/// Generates docs/cli.md.
std::string markdown_manual();

/// Generates docs/backups-helper.1 (man(7)).
std::string man_page();

}  // namespace backups
