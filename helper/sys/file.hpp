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

/// A file that appears under its name whole or not at all: written as a hidden temporary beside it,
/// then commit() makes it durable (fsync, rename, fsync of the directory). Destroyed without
/// commit(), it unlinks what it wrote.
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

/// Hidden, and not the name of anything that is committed: what an AtomicFile for `name` is called
/// until then.
std::string temporary_name(const std::string& name);

/// Opens a regular file for reading, without waiting for anything: a FIFO, directory or device in
/// its place is Error, kDamaged. Nothing when there is no such file. Throws Error otherwise.
std::optional<Fd> open_to_read(const fs::path& path);

/// The whole of a small file, as open_to_read() opens it. Nothing when there is no such file.
/// Throws Error otherwise.
std::optional<std::string> read_file(const fs::path& path);

void write_file_atomically(const fs::path& path, std::string_view bytes, mode_t mode = 0600);

/// A nameless file in memory that holds `text`, at its start. Throws Error.
Fd memory_file(std::string_view text);

/// Makes `path` and what is missing above it, mode 0700. Throws Error.
void make_directories(const fs::path& path);

/// Removes a file, gone afterwards even across a power cut; one that is not there is fine. Throws
/// Error.
void remove_durably(const fs::path& path);

/// Removes a tree, ignoring every error.
void remove_tree(const fs::path& path) noexcept;

/// Names of the entries, sorted; empty when there is no such directory. Throws Error otherwise.
std::vector<std::string> list_directory(const fs::path& path);

struct Space {
  std::uint64_t total;      ///< bytes
  std::uint64_t available;  ///< bytes that an ordinary user may still write
};

/// Of the file system that holds `path` or, where that does not exist or is not ours to see, its
/// nearest parent.
Space disk_space(const fs::path& path);

/// True for a directory, a link to nowhere or the like in the place of a file. A link to a file is
/// one that lies on another disk.
bool is_in_the_way(const fs::path& path);

}  // namespace backups
