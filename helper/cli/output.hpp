#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "engine/artifact.hpp"

namespace backups {

/// Writes to stdout. Throws Error when that fails: what was asked for did not arrive.
void print(const std::string& text);

/// A table with a head, columns as wide as needed, two blanks between them.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

/// What a report says: a key and its value a line.
using ReportRows = std::vector<std::pair<std::string, std::string>>;
/// As Dokku's own reports, below a head: "       Key:      value".
std::string format_report(const std::string& head, const ReportRows& rows);

/// One object, indented, with a newline (docs/json.md).
void print_json(const nlohmann::ordered_json& json);

nlohmann::ordered_json backup_to_json(const Backup& backup, bool kept);

/// Shows on stderr how far an operation is: a line that is rewritten on a terminal, one now and
/// then elsewhere, nothing when quiet.
Progress make_progress();
/// Makes a person type `name` at a terminal. Throws Error, kRefused, when something else is typed
/// or stdin is none.
void confirm(const std::string& warning, const std::string& name);

/// A line of stdin, trimmed; what there is at its end. Throws Error, kCancelled.
std::string read_line();

}  // namespace backups
