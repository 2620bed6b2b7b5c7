#pragma once

#include "host/catalog_file.hpp"
#include "host/environment.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"

namespace backups {

/// Sends the due messages of the outbox, for at most a minute. Returns immediately if another
/// process is delivering. A message that fails is retried for a day, after longer and longer
/// pauses, then dropped with a warning. `environment` is that of the programs that send. Throws
/// Error.
void deliver(const Environment& environment, const Paths& paths, const SettingsFile& settings,
             CatalogFile& catalog);

/// If a message is due, starts a process that calls deliver(), without waiting for it. Throws
/// Error.
void deliver_in_background(const Program& program, CatalogFile& catalog);

}  // namespace backups
