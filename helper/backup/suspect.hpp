#pragma once

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

/// What speaks against a backup.
struct Suspicion {
  std::string why;        ///< it may not be what it should be; empty: nothing
  std::string reference;  ///< the last one from before, while nobody accepted it; empty: none
};

/// Measures a backup that is about to be committed by the last one that is not suspect: its server
/// may be another one, or an artifact missing or a fraction of what it was (the property
/// `suspect-below`). After a restore it is measured by what was restored. A row of suspects that
/// are like each other is what is normal now; the last one from before stays the reference, until
/// the data are back, that is accepted, or 90 days are over. After a restore that ended while it
/// was replacing the data, all are suspect. What is adopted is measured, and measures nothing.
/// Throws Error.
Suspicion suspicion(const Paths& paths, const SettingsFile& settings, Catalog& catalog,
                    const Manifest& manifest);

/// True for what suspicion() may speak against: a safety backup, say, is of a service in trouble.
bool is_judged(const Manifest& manifest);

/// What is to be said of a new backup: why it is suspect or was the first not to be, which one is
/// the last from before, and what to do. Empty where there is nothing to say. It only advises: what
/// can't be read is left out.
std::string suspicion_text(CatalogFile& catalog, const Manifest& manifest);

/// Until when retention keeps a reference, nothing where it is none.
std::optional<Time> way_back_until(Catalog& catalog, const Backup& reference);
/// All references of a source that still matter, by their ids, and the safety backups of restores
/// that ended while they were replacing its data.
std::map<std::string, Time> ways_back(const Paths& paths, Catalog& catalog, const Source& source);

/// Removes the local copy of the oldest suspect of a source that a newer one followed, to make
/// room. False where there is none. Whoever calls holds the lock of the source. Throws Error.
bool free_suspect(const Paths& paths, const SettingsFile& settings, Identity& identity,
                  Targets& targets, CatalogFile& catalog, const Source& source);

/// Says that everything suspect of a source is right. Returns their ids.
std::vector<std::string> accept_suspects(SettingsFile& settings, Catalog& catalog,
                                         const Source& source);

}  // namespace backups
