#pragma once

#include <optional>
#include <string>

#include "model/manifest.hpp"

namespace backups {

/// The artifact of that name; without a name, the only one that is not auxiliary. Throws Error,
/// kBadInput, if there is none or several.
Artifact pick_artifact(const Manifest& manifest, const std::optional<std::string>& name);

}  // namespace backups
