#pragma once

#include <string>

#include "host/state.hpp"

namespace backups {

/// What cron starts every minute. Backs up what is due, the longest overdue first, at most
/// `max-parallel` at once on this host; applies retention after each success; and once a day
/// applies retention everywhere. What goes off-site has a lane of its own for each target, a
/// process that this one starts: a slow target holds up nothing else. Two at once are harmless. A
/// backup that fails is recorded, and is no error here. Throws Error, kCancelled.
void tick(State& state);

/// One lane: the backups whose bytes go to that target first, and the copies that are to be made
/// there, also those that failed.
void tick_lane(State& state, const std::string& target);

}  // namespace backups
