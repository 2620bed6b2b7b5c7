#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace backups {
namespace fs = std::filesystem;
}

namespace backups::tests {

/// A new directory, which the destructor removes with its contents.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// A tmpfs of that size in a mount namespace of this process. Needs root, see can_mount().
class TinyDisk {
 public:
  explicit TinyDisk(unsigned kibibytes);
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;
  ~TinyDisk();

  static bool can_mount();
  const fs::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

std::string slurp(const fs::path& path);
void spill(const fs::path& path, const std::string& text);
unsigned mode_of(const fs::path& path);

/// Every regular file below `path`, as paths relative to it, sorted.
std::vector<std::string> files_below(const fs::path& path);

}  // namespace backups::tests
