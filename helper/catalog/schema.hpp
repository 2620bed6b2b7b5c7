#pragma once

#include "sys/sqlite.hpp"

namespace backups {

/// Brings the schema up to date by PRAGMA user_version. One of a newer version is an Error.
void migrate(Database& database);

}  // namespace backups
