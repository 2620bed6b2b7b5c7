#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace backups {

/// What to do about a full disk.
std::string free_space_advice();

/// What a row in the catalog and the record of a run take: SQLite's index, which processes share,
/// is 32 KiB, and the rest a few pages.
constexpr std::uint64_t kSpaceToRecord = 128 * 1024;

/// False where `directory` lies on a disk that is full (less than `bytes` can be written there now)
/// or read-only. Whoever may not write there for another reason hears of that when they try.
bool has_disk_space(const std::filesystem::path& directory, std::uint64_t bytes);

/// What to do where nothing can be written in `directory`: on a read-only disk no room helps.
std::string disk_space_advice(const std::filesystem::path& directory);

/// What was found out holds also where a full or read-only disk does not let it be recorded: then
/// `finding` is said, and that. Throws what else `record` throws.
void record_if_space(const std::string& finding, const std::function<void()>& record);

/// A directory in memory, 0700, for what must be somewhere while the disk is full or read-only. It
/// is removed with what it holds. Throws Error where no file system takes it.
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
