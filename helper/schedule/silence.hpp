#pragma once

#include <set>
#include <string>

#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "model/settings.hpp"

namespace backups {

/// Publishes which schedules of a lane have had no success for too long, and which of those that
/// were `tried` now (by their text()) have one again. An error that concerns one schedule is a
/// warning. Throws Error.
void publish_silent_schedules(const Events& events, CatalogFile& catalog_file,
                              const Settings& settings, const std::string& lane,
                              const std::set<std::string>& tried);

/// Publishes for the dead man's switch that schedules ran: as a success only if no schedule of the
/// whole host is silent or failed at its last attempt.
void publish_dead_mans_switch(const Events& events, CatalogFile& catalog, const Settings& settings);

}  // namespace backups
