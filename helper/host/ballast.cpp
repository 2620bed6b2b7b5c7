#include "host/ballast.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kMaxBallast = 16 * kMebibyte;
constexpr std::uint64_t kPartOfDisk = 16;

fs::path file_of(const fs::path& root) { return root / "ballast"; }

std::uint64_t size_of(const fs::path& file) {
  struct stat status {};
  return ::lstat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode)
             ? static_cast<std::uint64_t>(status.st_size)
             : 0;
}

std::uint64_t whole_size(const fs::path& root) {
  return std::min(kMaxBallast, disk_space(root).total / kPartOfDisk);
}

/// If the file system cannot allocate, writes random bytes, which it cannot compress.
void fill(int fd, std::uint64_t size) {
  if (::fallocate(fd, 0, 0, static_cast<off_t>(size)) == 0) return;
  if (errno != EOPNOTSUPP) throw system_error("cannot make the ballast", errno);
  std::string bytes(kMebibyte, '\0');
  for (std::uint64_t done = 0; done < size; done += bytes.size()) {
    bytes.resize(std::min(kMebibyte, size - done));
    for (std::size_t at = 0; at < bytes.size();
         at += 256)  // getrandom(2) never returns less for up to 256 bytes
      [[maybe_unused]] const auto got =
          ::getrandom(&bytes[at], std::min<std::size_t>(256, bytes.size() - at), 0);
    write_all(fd, bytes, "the ballast");
  }
}

}  // namespace

void lend_ballast(const fs::path& root, bool upto_half) noexcept {
  try {
    const std::uint64_t size = size_of(file_of(root));
    if (size == 0 || has_disk_space(root, kMebibyte)) return;
    const std::uint64_t stays = upto_half ? whole_size(root) / 2 : 0;
    const std::uint64_t left = std::max(size - std::min(size, kMebibyte), stays);
    if (left < size) ::truncate(file_of(root).c_str(), static_cast<off_t>(left));
  } catch (const std::exception&) {  // the command continues without it
  }
}

void restore_ballast(const fs::path& root) noexcept {
  try {
    const fs::path file = file_of(root);
    const std::uint64_t size = whole_size(root);
    if (size_of(file) >= size || disk_space(root).available < 4 * size) return;
    const Fd fd(::open(file.c_str(),
                       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
    if (!fd) return;
    try {
      fill(fd.get(), size);
    } catch (const Error&) {
      remove_durably(file);
    }
  } catch (const std::exception&) {  // the next tick tries again
  }
}

}  // namespace backups
