#pragma once

#include <filesystem>

namespace backups {

/// Run by root on a directory that belongs to another user, or, while it does not exist, is to be
/// made in one: becomes that user, with its groups, for good. Does nothing otherwise. Throws Error.
void become_owner_of(const std::filesystem::path& directory);

}  // namespace backups
