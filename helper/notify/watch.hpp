#pragma once

#include "catalog/catalog.hpp"
#include "host/events.hpp"
#include "host/settings_file.hpp"

namespace backups {

// Conditions of the host that are reported as alerts, once each: a clock that jumped, and settings
// that this version does not understand.

/// Records the time, to notice jumps of the clock. The tick calls it every minute. Throws Error, as
/// all of these do.
void watch_clock(Catalog& catalog);

/// True for a day after the clock jumped ahead by more than a week, as it does on a machine that
/// was off or that starts with a wrong time.
bool has_leapt(Catalog& catalog);

/// Warns if a backup of that source is dated in the future: it or the clock is wrong.
void warn_of_clock(Catalog& catalog, const Source& source);

/// Publishes whether backups are dated in the future.
void publish_clock_problem(const Events& events, Catalog& catalog);

/// Publishes which settings are not understood.
void publish_unclear_settings(const Events& events, const SettingsFile& settings);

}  // namespace backups
