#include "sys/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr std::chrono::milliseconds kLockPollInterval(5);

Fd open_lock(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw system_error("cannot open lock " + path.string(), errno);
  return fd;
}

bool lock_file(const Fd& fd, int operation) {
  while (::flock(fd.get(), operation) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) throw system_error("cannot lock", errno);
  }
  return true;
}

}  // namespace

std::optional<Lock> Lock::try_acquire(const fs::path& path, const std::string& holder) {
  Fd fd = open_lock(path);
  if (!lock_file(fd, LOCK_EX | LOCK_NB)) return std::nullopt;
  if (::ftruncate(fd.get(), 0) != 0) throw system_error("cannot write " + path.string(), errno);
  try {
    write_all(fd.get(), holder + "\n", path.string());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNoSpace) throw;  // it is held without a name too
  }
  return Lock(std::move(fd));
}

Lock Lock::acquire(const fs::path& path) {
  Fd fd = open_lock(path);
  while (!lock_file(fd, LOCK_EX | LOCK_NB)) {
    interrupt::check();
    std::this_thread::sleep_for(kLockPollInterval);
  }
  return Lock(std::move(fd));
}

std::string Lock::holder(const fs::path& path) { return trim(read_file(path).value_or("")); }

bool Lock::is_held(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  return fd && !lock_file(fd, LOCK_EX | LOCK_NB);
}

}  // namespace backups
