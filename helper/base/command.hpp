#pragma once

#include <string>

namespace backups {

/// The prefix of a verb in a command that a person is told to type: "dokku backups:" if Dokku
/// called this process (PLUGIN_PATH is set) or the program is that of an installed plugin, which
/// cron and Dokku's triggers start directly; otherwise "backups-helper ".
const std::string& command_prefix();

/// A command for a person to type: "dokku backups:restore" or "backups-helper restore".
std::string command(const std::string& verb);

}  // namespace backups
