#pragma once

#include <filesystem>

namespace backups {

/// Room on the disk of the state directory that is taken while there is plenty (`ballast`, 16 MiB,
/// or a sixteenth of a small disk), so that backups can still be removed, that be recorded, and
/// settings changed, when something else has filled the disk.

/// Where the disk is full, gives one MiB of it back: a little at a time, since what filled the disk
/// may take that too. `upto_half` leaves half of it: for what runs by itself. Does nothing where
/// there is room or no ballast left. Never throws.
void lend_ballast(const std::filesystem::path& root, bool upto_half) noexcept;

/// Makes it whole again where much more than that is free. Never throws.
void restore_ballast(const std::filesystem::path& root) noexcept;

}  // namespace backups
