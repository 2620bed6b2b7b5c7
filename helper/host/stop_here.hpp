#pragma once

#include <string_view>

namespace backups {

/// For tests of races between two processes. If BACKUPS_STOP_AT in the environment is this name,
/// and BACKUPS_STOP_FIFO the path of a named pipe, reports there that the place is reached, and
/// waits until something is written into the pipe. Does nothing if dokku has called, since a caller
/// could otherwise hold a lock forever.
void stop_here(std::string_view place);

}  // namespace backups
