#pragma once

#include <string>

namespace backups {

/// Lines for a person on stderr, in Dokku's way (its docs, "output conventions"). A reader that
/// went away is ignored: a backup outlives its terminal.
namespace log {

/// Silences `step`, `result` and `detail`; warnings and failures stay.
void set_quiet(bool quiet);
bool quiet();

/// Begins every line with what that says, for a log without times of its own.
void set_stamp(std::string (*stamp)());

void step(const std::string& text);    ///< "-----> text"
void result(const std::string& text);  ///< "=====> text"
void detail(const std::string& text);  ///< "       text"
void warn(const std::string& text);    ///< " !     text"

/// A line that the next one takes the place of: for a terminal.
void rewrite(const std::string& text);

/// Writes `text` as it is, ignoring errors.
void raw(const std::string& text);

}  // namespace log
}  // namespace backups
