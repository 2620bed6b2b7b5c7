#pragma once

#include <set>
#include <string>

#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "model/settings.hpp"

namespace backups {

/// Publishes which schedules of a lane have had no success for too long, and which of those that
/// were `tried` now, by their text(), have one again.
void tell_silences(const Events& events, CatalogFile& catalog, const Settings& settings,
                   const std::string& lane, const std::set<std::string>& tried);

/// Publishes that schedules ran, for the dead man's switch: a success only if none of the whole
/// host has failed last or is silent.
void tell_switch(const Events& events, CatalogFile& catalog, const Settings& settings);

}  // namespace backups
