#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "host/catalog_file.hpp"
#include "host/events.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"

namespace backups {

/// The metrics of every source, in Prometheus' text format, version 0.0.4. Times are seconds since
/// 1970, sizes are bytes. Throws Error.
std::string metrics_text(Catalog& catalog);

/// Writes the metrics to `metrics-file`, if that is set, for the textfile collector of
/// node_exporter, whenever an event changes them. The file is replaced atomically, under a lock,
/// and readable for everybody. A failure is a warning.
class Metrics {
 public:
  /// What is passed in must outlive this.
  Metrics(const Paths& paths, const SettingsFile& settings, CatalogFile& catalog)
      : paths_(paths), settings_(settings), catalog_(catalog) {}

  /// Takes an event, see Events. Does not throw.
  void handle_event(const HostEvent& event) const;

 private:
  void write() const;

  const Paths& paths_;
  const SettingsFile& settings_;
  CatalogFile& catalog_;
};

}  // namespace backups
