#include "sys/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.hpp"

namespace backups {
namespace {

/// Makes the names in `directory` durable.
void sync_directory(const fs::path& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0)
    throw system_error("cannot sync directory " + directory.string(), errno);
}

/// What can't be looked at may well be there. A read-only disk refuses to remove even what is not.
bool is_there(const fs::path& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

}  // namespace

std::string temporary_name(const std::string& name) { return "." + name + ".part"; }

AtomicFile::AtomicFile(fs::path path, mode_t mode)
    : path_(std::move(path)),
      temporary_(path_.parent_path() / temporary_name(path_.filename().string())),
      fd_(::open(temporary_.c_str(),
                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)) {
  // Whatever the umask is.
  if (!fd_ || ::fchmod(fd_.get(), mode) != 0)
    throw system_error("cannot create " + temporary_.string(), errno);
}

AtomicFile::~AtomicFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) { write_all(fd_.get(), bytes, temporary_.string()); }

void AtomicFile::commit() {
  if (::fsync(fd_.get()) != 0) throw system_error("cannot sync " + temporary_.string(), errno);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    throw system_error("cannot rename to " + path_.string(), errno);
  fd_.reset();
  sync_directory(path_.parent_path());
}

std::optional<Fd> open_to_read(const fs::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const int reason = errno;
  struct stat status {};
  if (fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode)) return fd;
  if (fd || reason == ENXIO)  // ENXIO: a socket
    throw Error(ErrorKind::kDamaged, path.string() + " is not a regular file");
  if (reason == ENOENT) return std::nullopt;
  throw system_error("cannot open " + path.string(), reason);
}

std::optional<std::string> read_file(const fs::path& path) {
  const auto fd = open_to_read(path);
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 65536> buffer{};
  while (const std::size_t got = read_some(fd->get(), buffer.data(), buffer.size(), path.string()))
    text.append(buffer.data(), got);
  return text;
}

void write_file_atomically(const fs::path& path, std::string_view bytes, mode_t mode) {
  AtomicFile file(path, mode);
  file.write(bytes);
  file.commit();
}

Fd memory_file(std::string_view text) {
  Fd fd(::memfd_create("text", MFD_CLOEXEC));
  if (!fd) throw system_error("cannot make a file in memory", errno);
  write_all(fd.get(), text, "a file in memory");
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

void make_directories(const fs::path& path) {
  std::error_code unseen;  // what we may not see, mkdir(2) has the words for
  if (path.empty() || fs::is_directory(path, unseen)) return;
  make_directories(path.parent_path());
  if (::mkdir(path.c_str(), 0700) == 0) {
    sync_directory(path.parent_path());
  } else if (const int error = errno; error != EEXIST || !fs::is_directory(path, unseen)) {
    throw system_error("cannot create directory " + path.string(), error);
  }
}

void remove_durably(const fs::path& path) {
  if (::unlink(path.c_str()) == 0) {
    sync_directory(path.parent_path());
  } else if (const int reason = errno; is_there(path)) {
    throw system_error("cannot remove " + path.string(), reason);
  }
}

void remove_tree(const fs::path& path) noexcept {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::vector<std::string> list_directory(const fs::path& path) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    names.push_back(it->path().filename().string());
  if (error && error != std::errc::no_such_file_or_directory)
    throw system_error("cannot list " + path.string(), error.value());
  std::sort(names.begin(), names.end());
  return names;
}

Space disk_space(const fs::path& path) {
  struct statvfs status {};
  fs::path at = path;
  while (::statvfs(at.c_str(), &status) != 0) {
    if ((errno != ENOENT && errno != EACCES) || !at.has_relative_path())
      throw system_error("cannot tell the free space of " + path.string(), errno);
    at = at.parent_path();
  }
  const auto block = static_cast<std::uint64_t>(status.f_frsize);
  return {status.f_blocks * block, status.f_bavail * block};
}

bool is_in_the_way(const fs::path& path) {
  std::error_code unseen;
  return fs::exists(fs::symlink_status(path, unseen)) && !fs::is_regular_file(path, unseen);
}

}  // namespace backups
