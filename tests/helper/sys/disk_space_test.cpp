#include "sys/disk_space.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "support/directory.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using tests::TemporaryDirectory;
using tests::TinyDisk;

TEST(HasRoom, TellsAFullDiskFromOneThatIsNot) {
  if (!TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const TinyDisk disk(1024);
  EXPECT_TRUE(has_disk_space(disk.path(), 512 * 1024));
  EXPECT_FALSE(has_disk_space(disk.path(), 2 * 1024 * 1024));
  EXPECT_TRUE(std::filesystem::is_empty(disk.path())) << "the look leaves nothing";
}

TEST(HasRoom, IsNoAnswerToAnotherProblem) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(has_disk_space(directory / "none", 1));
}

TEST(ScratchDirectory, IsGoneWithWhatItHolds) {
  std::filesystem::path path;
  {
    const ScratchDirectory scratch;
    path = scratch.path();
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms::owner_all);
    std::ofstream(path / "file") << "x";
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace backups
