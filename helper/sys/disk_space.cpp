#include "sys/disk_space.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace backups {

bool has_disk_space(const fs::path& directory, std::uint64_t bytes) {
  const auto is_room = [](int error) {
    return error != ENOSPC && error != EDQUOT && error != EROFS;
  };
  const Fd fd(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
  if (fd && ::fallocate(fd.get(), 0, 0, static_cast<off_t>(bytes)) == 0) return true;
  if (!is_room(errno)) return false;
  struct statvfs status {};  // a file system that knows neither of the two
  return ::statvfs(directory.c_str(), &status) != 0 ||
         ((status.f_flag & ST_RDONLY) == 0 && status.f_bavail >= bytes / status.f_frsize);
}

std::string free_space_advice() {
  return "Free space on that disk, for instance with " + command("prune") + " --all or " +
         command("delete") + " <backup>";
}

std::string disk_space_advice(const fs::path& directory) {
  struct statvfs status {};
  if (::statvfs(directory.c_str(), &status) != 0 || (status.f_flag & ST_RDONLY) == 0)
    return free_space_advice();
  return "The disk of " + directory.string() +
         " is read-only: nothing can be changed until it is mounted writable again (mount -o "
         "remount,rw; dmesg shows file system errors)";
}

void record_if_space(const std::string& finding, const std::function<void()>& record) {
  try {
    record();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNoSpace) throw;
    log::warn(finding + ". This could not be recorded: " + error.what());
  }
}

ScratchDirectory::ScratchDirectory() {
  std::error_code ignored;
  for (const fs::path& parent : {fs::path("/dev/shm"), fs::temp_directory_path(ignored)}) {
    std::string name = parent / "backups-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) continue;
    path_ = name;
    return;
  }
  throw system_error("cannot make a directory in /dev/shm", errno);
}

ScratchDirectory::~ScratchDirectory() { remove_tree(path_); }

}  // namespace backups
