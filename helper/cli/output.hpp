#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/artifact.hpp"
#include "catalog/catalog.hpp"
#include "cli/options.hpp"

namespace backups {

/// Writes to stdout, as fast as its reader takes it or until a stop is asked for. Throws Error when
/// that fails: what was asked for did not arrive.
void write_stdout(std::string_view bytes);
void print(const std::string& text);

/// A table with a head, columns as wide as needed, two blanks between them.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

/// What a report says: a key and its value a line.
using ReportRows = std::vector<std::pair<std::string, std::string>>;
/// As Dokku's own reports, below a head: "       Key:      value".
std::string format_report(const std::string& head, const ReportRows& rows);

/// One object, indented, with a newline (docs/json.md).
void print_json(const nlohmann::ordered_json& json);

nlohmann::ordered_json backup_to_json(const Backup& backup, bool pinned);

/// Shows on stderr how far an operation is: a line that is rewritten on a terminal, one now and
/// then elsewhere, nothing when quiet.
Progress make_progress();

/// What a person must answer before something is lost.
struct Question {
  std::string warning;               ///< what is about to happen
  std::vector<std::string> answers;  ///< any of them; the first is the one asked for
  std::string command;               ///< that asks, as_typed(); empty: no single answer will do
  bool forceable = true;             ///< --force would have answered it
};
/// Asks it, and reads a line of stdin: typed, or piped as `echo my-db | dokku backups:restore …`.
/// Throws Error, kRefused, when that is none of the answers.
void confirm(const Question& question);

/// The command once more, as whoever called typed it: "dokku backups:restore my-db@latest", or
/// "backups-helper restore … --root DIR".
std::string as_typed(const Options& options);

/// " works at a shell only: ..." with what to type there, for what dokku's users must not say.
std::string works_at_a_shell(const Options& options);

/// A line of stdin, trimmed; what there is at its end. Throws Error, kCancelled.
std::string read_line();

}  // namespace backups
