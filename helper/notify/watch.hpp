#pragma once

#include "host/state.hpp"

namespace backups {

// Conditions of the host that are reported as alerts, once each: a clock that jumped, and settings
// that this version does not understand.

/// Records the time, to notice jumps of the clock. The tick calls it every minute.
void watch_clock(State& state);

/// True for a day after the clock jumped ahead by more than a week, as it does on a machine that
/// was off or that starts with a wrong time.
bool has_leapt(Catalog& catalog);

/// Warns if a backup of that source is dated in the future: it or the clock is wrong.
void warn_of_clock(Catalog& catalog, const Source& source);

/// Raises or clears the alert that backups are dated in the future.
void tell_clock(State& state);

/// Raises alerts for settings that are not understood, and clears those that are again.
void tell_settings(State& state);

}  // namespace backups
