#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "host/state.hpp"

namespace backups {

/// What the catalog says of every source, in Prometheus' text format, version 0.0.4.
std::string metrics_text(Catalog& catalog);

/// Writes that to `metrics-file`, where one is set, for the textfile collector of node_exporter.
/// What goes wrong is a warning.
void write_metrics(State& state);

}  // namespace backups
