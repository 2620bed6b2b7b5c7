#pragma once

#include "sys/sqlite.hpp"

namespace backups {

/// Brings the schema up to date by PRAGMA user_version. Returns false when there was none. A schema
/// of a newer version is an Error.
bool migrate(Database& database);

}  // namespace backups
