#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace backups {

/// Owns a file descriptor and closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

/// A close-on-exec pipe. Throws Error.
Pipe make_pipe();

/// Like make_pipe(), through a FIFO at `path` (mode 0600), which replaces an existing file: other
/// processes may open it by name. Throws Error.
Pipe make_named_pipe(const std::string& path);

/// Like read(2), but continues after EINTR. Returns 0 at the end of the file. Throws Error, naming
/// `what`.
std::size_t read_some(int fd, char* buffer, std::size_t size, std::string_view what);

/// Like read_some(), with pread(2) from `offset`.
std::size_t read_at(int fd, char* buffer, std::size_t size, std::uint64_t offset,
                    std::string_view what);

/// Writes all bytes. Throws Error, naming `what`.
void write_all(int fd, std::string_view bytes, std::string_view what);

}  // namespace backups
