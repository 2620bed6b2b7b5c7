#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.hpp"

namespace backups {

namespace fs = std::filesystem;

/// A file that appears under its name completely or not at all. It is written as a hidden temporary
/// file next to it; commit() makes it durable (fsync, rename, fsync of the directory). Removes the
/// temporary file if it is destroyed without commit().
class AtomicFile {
 public:
  explicit AtomicFile(fs::path path, mode_t mode = 0600);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(std::string_view bytes);
  void commit();

 private:
  fs::path path_;
  fs::path temporary_;
  Fd fd_;
};

/// The hidden name of the temporary file for `name`, which no committed file has.
std::string temporary_name(const std::string& name);

/// Opens a regular file for reading, without waiting for anything: a FIFO, directory or device in
/// its place is Error, kDamaged. Nothing when there is no such file. Throws Error otherwise.
std::optional<Fd> open_to_read(const fs::path& path);

/// Reads a small file, opened as by open_to_read(). Nothing if it does not exist. Throws Error
/// otherwise.
std::optional<std::string> read_file(const fs::path& path);

void write_file_atomically(const fs::path& path, std::string_view bytes, mode_t mode = 0600);

/// A nameless file in memory with the contents `text`, positioned at its beginning. Throws Error.
Fd memory_file(std::string_view text);

/// Creates the directory `path` and missing parents, mode 0700. Throws Error.
void make_directories(const fs::path& path);

/// Removes a file durably, also across a power failure. It need not exist. Throws Error.
void remove_durably(const fs::path& path);

/// Removes a tree, ignoring every error.
void remove_tree(const fs::path& path) noexcept;

/// The names of a directory's entries, sorted. Empty if it does not exist. Throws Error otherwise.
std::vector<std::string> list_directory(const fs::path& path);

struct Space {
  std::uint64_t total;      ///< bytes
  std::uint64_t available;  ///< bytes that an ordinary user may still write
};

/// The space of the file system of `path` or, if that does not exist or cannot be accessed, of its
/// nearest parent.
Space disk_space(const fs::path& path);

/// True if something other than a file, such as a directory or a dangling link, has the name of a
/// file. Links to files are allowed: the file may be on another disk.
bool is_in_the_way(const fs::path& path);

}  // namespace backups
