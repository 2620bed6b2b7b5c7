#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace backups {

/// What to do about a full disk.
std::string free_space_advice();

/// Space for a row in the catalog and the record of a run: the shared index of SQLite takes 32 KiB,
/// and the rest a few pages.
constexpr std::uint64_t kSpaceToRecord = 128 * 1024;

/// False if the disk of `directory` is full (less than `bytes` can be written now) or read-only.
/// Missing permissions are not considered; writing reports them.
bool has_disk_space(const std::filesystem::path& directory, std::uint64_t bytes);

/// Advice if nothing can be written in `directory`, because its disk is full or read-only.
std::string disk_space_advice(const std::filesystem::path& directory);

/// Calls `record`. If a full or read-only disk prevents it, reports `finding` as a warning instead,
/// since the finding is valid anyway. Throws the other errors of `record`.
void record_if_space(const std::string& finding, const std::function<void()>& record);

/// A directory in memory, mode 0700, for temporary files while the disk is full or read-only. It is
/// removed with its contents. Throws Error if no such file system is writable.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  ~ScratchDirectory();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace backups
