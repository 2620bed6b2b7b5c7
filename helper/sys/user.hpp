#pragma once

#include <filesystem>

namespace backups {

/// Run by root on a directory that belongs to another user: becomes that user, with its groups, for
/// good. Does nothing otherwise, or when the directory does not exist. Throws Error.
void become_owner_of(const std::filesystem::path& directory);

}  // namespace backups
