#include "sys/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

#include "base/error.hpp"

namespace backups {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("cannot make a pipe", errno);
  return {Fd(ends[0]), Fd(ends[1])};
}

Pipe make_named_pipe(const std::string& path) {
  ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), 0600) != 0) throw system_error("cannot make FIFO " + path, errno);
  // Without O_NONBLOCK it would wait for a writer.
  Fd read(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Fd write(read ? ::open(path.c_str(), O_WRONLY | O_CLOEXEC) : -1);  // without a reader it waits
  if (!write || ::fcntl(read.get(), F_SETFL, 0) != 0)
    throw system_error("cannot open FIFO " + path, errno);
  return {std::move(read), std::move(write)};
}

std::size_t read_some(int fd, char* buffer, std::size_t size, std::string_view what) {
  for (;;) {
    const ssize_t got = ::read(fd, buffer, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw system_error("cannot read " + std::string(what), errno);
  }
}

std::size_t read_at(int fd, char* buffer, std::size_t size, std::uint64_t offset,
                    std::string_view what) {
  for (;;) {
    const auto got = ::pread(fd, buffer, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) throw system_error("cannot read " + std::string(what), errno);
  }
}

void write_all(int fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno != EINTR) {
      throw system_error("cannot write " + std::string(what), errno);
    }
  }
}

}  // namespace backups
