#pragma once

#include "sys/sqlite.hpp"

namespace backups {

/// Brings the schema up to date, by PRAGMA user_version. Throws Error: kFailed for a newer version,
/// kRefused for a catalog from before the first release, kDamaged if tables or columns are missing.
void migrate(Database& database);

}  // namespace backups
