#pragma once

#include "engine/state.hpp"

namespace backups {

/// What cron starts every minute. Backs up what is due, the longest overdue first, at most
/// `max-parallel` at once on this host; applies retention after each success; copies again what
/// could not be copied; and once a day applies retention everywhere. Two at once are harmless. A
/// backup that fails is recorded, and is no error here. Throws Error, kCancelled.
void tick(State& state);

}  // namespace backups
