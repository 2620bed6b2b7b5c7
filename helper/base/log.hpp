#pragma once

#include <string>

namespace backups {

/// Lines for a person on stderr, in Dokku's way (its docs, "output conventions"). A reader that
/// went away is ignored: a backup outlives its terminal.
namespace log {

/// Silences `step`, `result` and `detail`; warnings and failures stay.
void set_quiet(bool quiet);
bool quiet();

void step(const std::string& text);    ///< "-----> text"
void result(const std::string& text);  ///< "=====> text"
void detail(const std::string& text);  ///< "       text"
void warn(const std::string& text);    ///< " !     text"

/// Writes `text` as it is, ignoring errors.
void raw(const std::string& text);

}  // namespace log
}  // namespace backups
