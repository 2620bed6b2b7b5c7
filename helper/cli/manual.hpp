#pragma once

#include <string>

namespace backups {

/// The text of docs/cli.md.
std::string markdown_manual();

/// The text of docs/backups-helper.1, man(7).
std::string man_page();

}  // namespace backups
