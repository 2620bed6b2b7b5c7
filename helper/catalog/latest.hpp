#pragma once

#include <string>

namespace backups {

/// An SQL condition for the rows of `backups` of which Catalog::latest() takes the newest.
const std::string& latest_condition();

}  // namespace backups
