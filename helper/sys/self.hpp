#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace backups {

/// An executable path of the running program: its own path, so that lists of processes show it, or
/// one in /proc if its file was removed meanwhile.
std::filesystem::path own_program();

/// Keeps secrets in memory out of core dumps, and other users but root from reading the memory of
/// this process. Its children leave no core files either, but can be inspected as usual. Must be
/// called again after setuid(2), which may revert it.
void keep_memory_private();

/// The start time of a process in clock ticks since boot (proc(5), field 22 of `stat`). With the
/// pid, it identifies a process, also across PID namespaces. Nothing if there is no such process.
std::optional<std::uint64_t> start_of(pid_t pid);

/// Sends `signal` to the process with that pid, if it began at `start`. Returns false if it did
/// not. Throws Error if it cannot be signalled.
bool signal_process(pid_t pid, std::uint64_t start, int signal);

}  // namespace backups
