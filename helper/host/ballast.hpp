#pragma once

#include <filesystem>

namespace backups {

/// The ballast is disk space that is reserved while there is plenty: the file `ballast` of 16 MiB,
/// or a sixteenth of a small disk. When something else has filled the disk, it lets backups be
/// removed, this be recorded, and settings be changed.

/// If the disk is full, releases 1 MiB of the ballast: a little at a time, since whatever filled
/// the disk may take that too. With `upto_half`, for unattended commands, half of it is kept. Does
/// nothing if there is disk space, or no ballast left. Never throws.
void lend_ballast(const std::filesystem::path& root, bool upto_half) noexcept;

/// Restores the size of the ballast if at least four times as much is free. Never throws.
void restore_ballast(const std::filesystem::path& root) noexcept;

}  // namespace backups
