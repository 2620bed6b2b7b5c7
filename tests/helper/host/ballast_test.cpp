#include "host/ballast.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <optional>

#include "base/text.hpp"
#include "support/child.hpp"
#include "support/directory.hpp"
#include "sys/disk_space.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kDisk = 64 * kMebibyte;
constexpr std::uint64_t kWhole = kDisk / 16;

/// On a disk of its own, which a test fills.
class BallastTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
    disk_.emplace(static_cast<unsigned>(kDisk / 1024));
  }
  const fs::path& root() const { return disk_->path(); }
  fs::path file() const { return root() / "ballast"; }
  std::uint64_t size() const { return fs::exists(file()) ? fs::file_size(file()) : 0; }
  std::uint64_t available() const { return disk_space(root()).available; }
  /// Takes the space except for so many bytes, as somebody else's program would.
  void fill(std::uint64_t except = 0) {
    const Fd fd(::open((root() / "other").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::uint64_t taken = fs::file_size(root() / "other");
    ASSERT_GE(available(), except);
    ASSERT_EQ(::fallocate(fd.get(), 0, 0, static_cast<off_t>(taken + available() - except)), 0);
    ASSERT_EQ(available(), except);
  }
  void set_free() { fs::remove(root() / "other"); }

  std::optional<tests::TinyDisk> disk_;
};

TEST_F(BallastTest, TakesASixteenthOfASmallDiskForGood) {
  restore_ballast(root());
  EXPECT_EQ(size(), kWhole);
  EXPECT_EQ(available(), kDisk - kWhole) << "and not a file with holes";
  EXPECT_EQ(tests::mode_of(file()), 0600U);
}

TEST_F(BallastTest, IsMadeOnlyWhereFourTimesAsMuchIsFree) {
  fill(4 * kWhole - kMebibyte);
  restore_ballast(root());
  EXPECT_FALSE(fs::exists(file()));
  set_free();
  fill(4 * kWhole);
  restore_ballast(root());
  EXPECT_EQ(size(), kWhole);
}

TEST_F(BallastTest, IsLeftAloneWhileThereIsSpace) {
  restore_ballast(root());
  fill(2 * kMebibyte);
  lend_ballast(root(), false);
  EXPECT_EQ(size(), kWhole);
}

TEST_F(BallastTest, IsLentAMebibyteAtATimeUntilNothingIsLeft) {
  restore_ballast(root());
  for (std::uint64_t left = kWhole; left > 0; left -= kMebibyte) {
    fill();
    lend_ballast(root(), false);
    EXPECT_EQ(size(), left - kMebibyte);
    EXPECT_EQ(available(), kMebibyte);
    lend_ballast(root(), false);
    EXPECT_EQ(size(), left - kMebibyte) << "there is space now";
  }
  fill();
  lend_ballast(root(), false);
  EXPECT_EQ(available(), 0U);
}

TEST_F(BallastTest, KeepsHalfFromUnattendedCommands) {
  restore_ballast(root());
  for (int i = 0; i < 4; ++i) {
    fill();
    lend_ballast(root(), true);
  }
  EXPECT_EQ(size(), kWhole / 2);
  lend_ballast(root(), false);
  EXPECT_EQ(size(), kWhole / 2 - kMebibyte) << "a person has the rest";
}

TEST_F(BallastTest, IsRestoredWhenTheDiskHasSpaceAgain) {
  restore_ballast(root());
  fill();
  lend_ballast(root(), false);
  restore_ballast(root());
  EXPECT_EQ(size(), kWhole - kMebibyte) << "not from a full disk";
  set_free();
  restore_ballast(root());
  EXPECT_EQ(size(), kWhole);
  EXPECT_EQ(available(), kDisk - kWhole);
}

TEST_F(BallastTest, FollowsNoLink) {
  const tests::TemporaryDirectory other;
  tests::spill(other / "file", std::string(3 * kMebibyte, 'x'));
  fs::create_symlink(other / "file", file());
  restore_ballast(root());
  fill();
  lend_ballast(root(), false);
  EXPECT_EQ(fs::file_size(other / "file"), 3 * kMebibyte);
  EXPECT_TRUE(fs::is_symlink(file()));
}

TEST_F(BallastTest, WaitsForNothingThatHasItsName) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  const auto both = [this] {
    restore_ballast(root());
    lend_ballast(root(), false);
    return 0;
  };
  EXPECT_EQ(tests::run_in_child(both, std::chrono::seconds(30)), tests::exited(0));
  fs::remove(file());
  fs::create_directory(file());
  both();
  EXPECT_TRUE(fs::is_directory(file()));
}

TEST(Ballast, WithoutAStateDirectoryDoesNothing) {
  const tests::TemporaryDirectory directory;
  restore_ballast(directory / "none");
  lend_ballast(directory / "none", false);
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

}  // namespace
}  // namespace backups
