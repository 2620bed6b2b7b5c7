#pragma once

#include <optional>
#include <string>

#include "model/manifest.hpp"

namespace backups {

/// The artifact of that name, or without one the only artifact that is not auxiliary. Throws Error,
/// kBadInput.
Artifact pick_artifact(const Manifest& manifest, const std::optional<std::string>& name);

}  // namespace backups
