#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "host/state.hpp"

namespace backups {

/// The metrics of every source, in Prometheus' text format, version 0.0.4.
std::string metrics_text(Catalog& catalog);

/// Writes the metrics to `metrics-file`, if that is set, for the textfile collector of
/// node_exporter. A failure is a warning.
void write_metrics(State& state);

}  // namespace backups
