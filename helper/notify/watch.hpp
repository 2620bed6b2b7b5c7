#pragma once

#include "host/state.hpp"

namespace backups {

// What nobody asked for but everybody should hear of: a clock that jumped, a setting that this
// version does not understand. Both are told as alerts, once.

/// Takes notice of where the clock stands: the tick calls it each minute.
void watch_clock(State& state);

/// True for a day after the clock was seen to go ahead by more than a week at once, as that of a
/// machine does which was off, or wakes up wrong.
bool has_leapt(State& state);

/// Warns where a backup of that source lies ahead of the clock: one of the two is wrong.
void warn_of_clock(State& state, const Source& source);

/// Tells, or takes back, that backups lie ahead of the clock.
void tell_clock(State& state);

/// Tells what of the settings can't be understood, and takes back what can be again.
void tell_settings(State& state);

}  // namespace backups
