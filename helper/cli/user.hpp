#pragma once

#include <filesystem>

namespace backups {

/// If root calls this for a directory of another user, or for one to be created in such a
/// directory, the process permanently becomes that user, with its groups. Throws Error,
/// kUnauthorised, if the caller may not use the directory.
void become_owner_of(const std::filesystem::path& directory);

}  // namespace backups
