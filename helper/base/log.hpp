#pragma once

#include <string>

namespace backups {

/// Messages on stderr in Dokku's format (Dokku's documentation, "output conventions"), made
/// printable. Write errors are ignored, since a backup continues after its terminal was closed.
/// Safe to call from several threads; each message is one write.
namespace log {

/// Suppresses step(), result() and detail(). Warnings and failures are still printed.
void set_quiet(bool quiet);
bool quiet();

/// Starts every line with the result of `stamp`, for example a time. Null, the default, adds
/// nothing.
void set_stamp(std::string (*stamp)());

void step(const std::string& text);    ///< "-----> text"
void result(const std::string& text);  ///< "=====> text"
void detail(const std::string& text);  ///< "       text"
void warn(const std::string& text);    ///< " !     text"

/// Shows progress on a terminal, in a line that the next message of any kind replaces.
void rewrite(const std::string& text);

/// Writes `text` unchanged.
void raw(const std::string& text);

}  // namespace log
}  // namespace backups
