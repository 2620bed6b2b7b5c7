#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace backups {

/// What of an artifact decides whether it is meant. An auxiliary one is not what a person calls
/// "the dump": roles and the like.
struct ArtifactOption {
  std::string name;
  bool auxiliary = false;
};

/// The index of the artifact of that name; without a name, of the only one, or of the only one that
/// is not auxiliary. Throws Error, kBadInput, if there is none or several; `whose` are the first
/// words of its message.
std::size_t choose_artifact(const std::string& whose, const std::vector<ArtifactOption>& options,
                            const std::optional<std::string>& name);

}  // namespace backups
