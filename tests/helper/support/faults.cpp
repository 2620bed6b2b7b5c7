// With this macro, the C library would replace the functions that are defined below.
#undef _FORTIFY_SOURCE

#include "support/faults.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <string>
#include <vector>

#include "support/child.hpp"

namespace backups::tests {
namespace {

FaultPlan plan;
std::atomic<bool> armed{false};
std::atomic<int> calls{0};
bool* reached = nullptr;  // in memory that the parent process shares

struct Written {
  std::string path;
  off_t synced;  // bytes that would survive a power cut
};
struct Renamed {
  std::string from;
  std::string to;
};
std::mutex mutex;
std::vector<Written> written;
std::vector<Renamed> renamed;  // in directories that were not synced afterwards

/// The system calls themselves, which are safe between fork and exec, as the functions that they
/// replace must be.
int real_rename(const char* from, const char* to) {
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

bool is_file(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

std::string path_of(int fd) {
  std::string path(4096, '\0');
  const auto size =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path;
}

std::string parent_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// Does the worst that a file system may do in a power cut: discards everything that was not
/// synced.
void lose_unsynced() {
  const std::lock_guard guard(mutex);
  for (auto it = renamed.rbegin(); it != renamed.rend(); ++it) {
    real_rename(it->to.c_str(), it->from.c_str());
    for (auto& file : written)
      if (file.path == it->to) file.path = it->from;
  }
  for (const auto& file : written) {
    struct stat status {};
    if (::stat(file.path.c_str(), &status) == 0 && status.st_size > file.synced) [[maybe_unused]]
      const int ignored = ::truncate(file.path.c_str(), file.synced);
  }
}

/// Counts a call. Returns true if it must fail.
bool spoiled() {
  if (!armed || ++calls != plan.at) return false;
  *reached = true;
  if (plan.kind == FaultPlan::Kind::kPowerCut) lose_unsynced();
  if (plan.kind != FaultPlan::Kind::kFails) {
    ::kill(::getpid(), SIGKILL);
    ::pause();
  }
  errno = plan.error;
  return true;
}

void remember_opened(int fd, int flags) {
  if (!armed || fd < 0 || (flags & O_CREAT) == 0 || !is_file(fd)) return;
  struct stat status {};
  ::fstat(fd, &status);
  const std::string path = path_of(fd);
  const std::lock_guard guard(mutex);
  std::erase_if(written, [&](const Written& file) { return file.path == path; });
  written.push_back({path, status.st_size});
}

void remember_synced(int fd) {
  if (!armed) return;
  const std::string path = path_of(fd);
  struct stat status {};
  ::fstat(fd, &status);
  const std::lock_guard guard(mutex);
  if (S_ISDIR(status.st_mode))
    std::erase_if(renamed, [&](const Renamed& names) { return parent_of(names.to) == path; });
  for (auto& file : written)
    if (file.path == path) file.synced = status.st_size;
}

void remember_renamed(const std::string& from, const std::string& to, bool replaced) {
  if (!armed) return;
  const std::lock_guard guard(mutex);
  std::erase_if(written, [&](const Written& file) { return file.path == to; });
  for (auto& file : written)
    if (file.path == from) file.path = to;
  if (!replaced) renamed.push_back({from, to});
}

}  // namespace

std::string name_of(const FaultPlan& plan) {
  switch (plan.kind) {
    case FaultPlan::Kind::kFails:
      return plan.error == ENOSPC ? "FullDisk" : "BrokenDisk";
    case FaultPlan::Kind::kKilled:
      return "Killed";
    case FaultPlan::Kind::kPowerCut:
      return "PowerCut";
    case FaultPlan::Kind::kNone:
      break;
  }
  return "Nothing";
}

FaultOutcome run_with_fault(const FaultPlan& wanted, const std::function<void()>& work) {
  void* shared =
      ::mmap(nullptr, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  reached = new (shared) bool(false);
  const Ending ending = run_in_child([&] {
    plan = wanted;
    armed = true;
    work();
    armed = false;
    return 0;
  });
  const bool was_reached = *reached;
  ::munmap(shared, sizeof(bool));
  if (ending == exited(0)) return {FaultOutcome::End::kDone, was_reached};
  if (ending.signal == SIGKILL && was_reached) return {FaultOutcome::End::kDied, true};
  if (ending.signal != 0 || ending.code >= kFailedAssertion)
    return {FaultOutcome::End::kOtherException, was_reached};
  return {FaultOutcome::End::kError, was_reached};
}

int for_every_call(FaultPlan wanted, const std::function<FaultOutcome(const FaultPlan&)>& once) {
  for (wanted.at = 1;; ++wanted.at)
    if (!once(wanted).reached) return wanted.at - 1;
}

namespace {

int sync_file(int fd) {
  if (spoiled()) return -1;
  remember_synced(fd);
  // Tests do not have to survive a real power cut, so that a real fsync would only take time.
  return 0;
}

}  // namespace
}  // namespace backups::tests

using namespace backups::tests;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  if (spoiled()) return -1;
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  remember_opened(fd, flags);
  return fd;
}

ssize_t write(int fd, const void* bytes, size_t size) {
  if (armed && is_file(fd) && spoiled()) return -1;
  return ::syscall(SYS_write, fd, bytes, size);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (armed && is_file(fd) && spoiled()) return -1;
  return ::syscall(SYS_pwrite64, fd, bytes, size, at);
}

ssize_t read(int fd, void* bytes, size_t size) {
  if (armed && is_file(fd) && spoiled()) return -1;
  return ::syscall(SYS_read, fd, bytes, size);
}

int fsync(int fd) { return sync_file(fd); }
int fdatasync(int fd) { return sync_file(fd); }

int rename(const char* from, const char* to) noexcept {
  if (spoiled()) return -1;
  const bool replaced = armed && ::access(to, F_OK) == 0;
  const int code = real_rename(from, to);
  if (code == 0) remember_renamed(from, to, replaced);
  return code;
}

int unlink(const char* path) noexcept {
  if (spoiled()) return -1;
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (spoiled()) return -1;
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

}  // extern "C"
