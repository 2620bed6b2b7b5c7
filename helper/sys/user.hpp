#pragma once

#include <filesystem>

namespace backups {

/// Run by root on a directory that belongs to another user, or, while it does not exist, is to be
/// made in one: becomes that user, with its groups, for good. Throws Error, kUnauthorised,
/// for a user who may not use it.
void become_owner_of(const std::filesystem::path& directory);

}  // namespace backups
