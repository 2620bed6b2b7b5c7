#pragma once

#include <string_view>

namespace backups {

/// For tests of two processes in each other's way: where the environment has BACKUPS_STOP_AT with
/// this very name, and BACKUPS_STOP_FIFO with the path of a named pipe, says there that the place
/// is reached and waits until somebody writes into it. Does nothing otherwise, and nothing at all
/// when dokku has called: nobody there may hold a lock for ever.
void stop_here(std::string_view place);

}  // namespace backups
