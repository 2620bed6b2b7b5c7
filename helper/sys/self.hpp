#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace backups {

/// The program that runs, by a path that can be executed: by its name, so that lists of processes
/// show that, or through /proc where its file was removed meanwhile.
std::filesystem::path own_program();

/// Keeps secrets in memory out of core dumps, and other users but root from reading the memory of
/// this process. Its children leave no core files either, but can be inspected as usual. Must be
/// called again after setuid(2), which may revert it.
void keep_memory_private();

/// When a process began, in clock ticks since the host did (proc(5), field 22 of `stat`): with its
/// number it names one process for good, also across PID namespaces. Nothing when there is none.
std::optional<std::uint64_t> start_of(pid_t pid);

/// Sends `signal` to the process of that number, if it is the one that began at `start`. False when
/// it is not. Throws Error where it can't be signalled.
bool signal_process(pid_t pid, std::uint64_t start, int signal);

}  // namespace backups
