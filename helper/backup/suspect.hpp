#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/catalog_file.hpp"
#include "host/identity.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "host/targets.hpp"

namespace backups {

/// The result of comparing a backup with earlier ones.
struct Suspicion {
  std::string why;        ///< why it may not contain what it should; empty: nothing was found
  std::string reference;  ///< id of the last backup from before an open collapse; empty: none
};

/// Compares a backup that is about to be committed with the last one that is not suspect. It is
/// suspect if its server is a different one, or if an artifact is missing or has shrunk below the
/// property `suspect-below`. After a restore, it is compared with the backup that was restored.
///
/// After a row of suspects that resemble each other, the next one like them is not suspect. The
/// last backup from before the change remains the reference until the data is back, a person
/// accepts the change, or 90 days are over.
///
/// After a restore that died while it was replacing the data, every backup is suspect. An adopted
/// dump is compared with earlier backups, but later ones are not compared with it. Throws Error.
Suspicion suspicion(const Paths& paths, const SettingsFile& settings, Catalog& catalog,
                    const Manifest& manifest);

/// True for backups that describe the service in normal use, so that others may be compared with
/// them. A safety backup, for example, may be of a service in trouble.
bool is_comparable(const Manifest& manifest);

/// The advice about a new backup: why it is suspect or no longer is, which backup is the last from
/// before the change, and what to do. Empty if there is nothing to report. What cannot be read from
/// the catalog is left out.
std::string suspicion_text(CatalogFile& catalog, const Manifest& manifest);

/// Until when retention keeps a reference; nothing if no backup refers to it.
std::optional<Time> protected_until(Catalog& catalog, const Backup& reference);
/// The backups of a source with data from before a collapse, by their ids, with the time until
/// which retention keeps them: the references in use, and the safety backups of restores that died
/// while they were replacing the data.
std::map<std::string, Time> protected_backups(const Paths& paths, Catalog& catalog,
                                              const Source& source);

/// Frees so many bytes of disk space: removes the local copies of the oldest suspect backups of a
/// source that a newer suspect followed; none if all of them would not suffice. Backups that are
/// pinned, being copied or among protected_backups() are excluded. The caller holds the lock of the
/// source. Throws Error.
void free_suspects(const Paths& paths, const SettingsFile& settings, Identity& identity,
                   Targets& targets, CatalogFile& catalog, const Source& source,
                   std::uint64_t missing);

/// Accepts all suspect backups of a source as good, so that later ones are compared with the newest
/// of them. Recorded in the settings, which a lost catalog does not affect. Returns the ids to
/// report.
std::vector<std::string> accept_suspects(SettingsFile& settings, Catalog& catalog,
                                         const Source& source);

}  // namespace backups
