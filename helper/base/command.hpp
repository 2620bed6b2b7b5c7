#pragma once

#include <string>

namespace backups {

/// What stands before a verb where a person is told to type it: "dokku backups:" if this process
/// was called by Dokku (PLUGIN_PATH is set) or the program is that of an installed plugin, as cron
/// and Dokku's triggers start it; otherwise "backups-helper ".
const std::string& command_prefix();

/// "dokku backups:restore" or "backups-helper restore".
std::string command(const std::string& verb);

}  // namespace backups
