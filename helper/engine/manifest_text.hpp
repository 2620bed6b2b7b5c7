#pragma once

#include <optional>
#include <string>

#include "store/store.hpp"

namespace backups {

/// The text of a manifest, nothing when there is none. Throws Error, kDamaged, when it is larger
/// than any manifest is: no more of it is read.
std::optional<std::string> read_manifest_text(Store& store, const std::string& key);

}  // namespace backups
