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

/// Writes to stdout, waiting for its reader until a stop is requested. Throws Error if not
/// everything could be written.
void write_stdout(std::string_view bytes);
void print(const std::string& text);

/// Formats a table with a header; columns are as wide as necessary, with two blanks between them.
std::string format_table(const std::vector<std::vector<std::string>>& rows);

/// The lines of a report: key and value.
using ReportRows = std::vector<std::pair<std::string, std::string>>;
/// Formats a report as Dokku does: a title, and lines of "       Key:      value".
std::string format_report(const std::string& head, const ReportRows& rows);

/// Prints one JSON object, indented (docs/json.md).
void print_json(const nlohmann::ordered_json& json);

nlohmann::ordered_json backup_to_json(const Backup& backup, bool pinned);

/// Returns a function that shows progress on stderr: a line that is rewritten on a terminal, a line
/// from time to time elsewhere, nothing when quiet.
Progress make_progress();

/// A question that must be answered before data is lost.
struct Question {
  std::string warning;               ///< what is about to happen
  std::vector<std::string> answers;  ///< the accepted answers; the first is asked for
  std::string
      command;  ///< the asking command, see as_typed(); empty if one piped answer is not enough
  bool forceable = true;  ///< --force skips the question
};
/// Prints the question and reads a line of stdin, which may be piped: `echo my-db | dokku
/// backups:restore …`. Throws Error, kRefused, for any other answer.
void confirm(const Question& question);

/// The command as the caller typed it: "dokku backups:restore my-db@latest", or "backups-helper
/// restore … --root DIR".
std::string as_typed(const Options& options);

/// The end of a message, " works at a shell only: …", with the command to type there: for what
/// users of dokku may not do.
std::string works_at_a_shell(const Options& options);

/// Reads a line of stdin, trimmed. At the end of input, returns what there is. Throws Error,
/// kCancelled.
std::string read_line();

}  // namespace backups
