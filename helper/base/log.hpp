#pragma once

#include <string>

namespace backups {

/// Messages on stderr in Dokku's format (its docs, "output conventions"). Errors of writing are
/// ignored, since a backup continues after its terminal was closed.
namespace log {

/// Silences `step`, `result` and `detail`; warnings and failures are still printed.
void set_quiet(bool quiet);
bool quiet();

/// Begins every line with the result of that function, for a log without times of its own.
void set_stamp(std::string (*stamp)());

void step(const std::string& text);    ///< "-----> text"
void result(const std::string& text);  ///< "=====> text"
void detail(const std::string& text);  ///< "       text"
void warn(const std::string& text);    ///< " !     text"

/// A line on a terminal that the next one replaces.
void rewrite(const std::string& text);

/// Writes `text` as it is, ignoring errors.
void raw(const std::string& text);

}  // namespace log
}  // namespace backups
