#pragma once

#include <string>

namespace backups {

/// The rows of `backups` of which Catalog::latest() takes the newest, as a condition in SQL.
const std::string& latest_condition();

}  // namespace backups
