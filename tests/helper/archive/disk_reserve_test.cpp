#include "archive/disk_reserve.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::kNoon;
using tests::Lab;
using tests::ThrowsError;

constexpr std::uint64_t kMiB = 1024 * 1024;

/// A state directory on a disk of 64 MiB with a reserve of 10 %.
class RoomTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
    disk_ = std::make_unique<tests::TinyDisk>(64 * 1024);
    lab_ = std::make_unique<Lab>(disk_->path() / "state");
    reserve("");
  }
  void reserve(const std::string& value) {
    lab_->open().settings.change(
        [&](Settings& settings) { settings.set(Settings::kGlobal, "disk-reserve", value); });
  }
  void require(std::uint64_t size, std::uint64_t staging = 0) {
    State state = lab_->open();
    Description description;
    description.size = size;
    description.staging = staging;
    DiskReserve(state.paths, state.settings, Lab::source())
        .require_space(state.catalog.open(), description);
  }
  /// Adds a success of that stored size, to the catalog only.
  void succeeded(std::uint64_t stored, Time time) {
    Manifest manifest = tests::manifest_of(Lab::source(), time);
    manifest.artifacts[0].stored_size = stored - manifest.artifacts[1].stored_size;
    lab_->open().catalog.open().adopt(tests::sealed(manifest), "local", "");
  }
  void fill(std::uint64_t bytes) { tests::spill(disk_->path() / "other", std::string(bytes, 'x')); }

  std::unique_ptr<tests::TinyDisk> disk_;
  std::unique_ptr<Lab> lab_;
};

TEST_F(RoomTest, TheFirstBackupIsExpectedToTakeAQuarterOfTheData) {
  EXPECT_NO_THROW(require(200 * kMiB));
  EXPECT_THAT(
      [&] { require(240 * kMiB); },
      ThrowsError(ErrorKind::kNoSpace, AllOf(HasSubstr("fake:one"), HasSubstr("60.0 MiB"),
                                             HasSubstr("6.4 MiB"), HasSubstr("disk-reserve"))));
}

TEST_F(RoomTest, LaterOnesWhatTheLargestOfTheLastThreeTook) {
  succeeded(60 * kMiB, kNoon);
  EXPECT_THAT([&] { require(0); }, ThrowsError(ErrorKind::kNoSpace, HasSubstr("60.0 MiB")));
  succeeded(20 * kMiB, kNoon + 1);
  succeeded(30 * kMiB, kNoon + 2);
  EXPECT_THAT([&] { require(0); }, ThrowsError(ErrorKind::kNoSpace));
  succeeded(10 * kMiB, kNoon + 3);
  EXPECT_NO_THROW(require(400 * kMiB)) << "the fourth last counts no more, nor does the data";
  fill(30 * kMiB);
  EXPECT_THAT([&] { require(0); }, ThrowsError(ErrorKind::kNoSpace, HasSubstr("30.0 MiB")));
}

TEST_F(RoomTest, StagingComesOnTop) {
  EXPECT_NO_THROW(require(100 * kMiB, 20 * kMiB));
  EXPECT_THAT([&] { require(100 * kMiB, 40 * kMiB); }, ThrowsError(ErrorKind::kNoSpace));
}

TEST_F(RoomTest, TheReserveIsAProperty) {
  reserve("60M");
  EXPECT_THAT([&] { require(100 * kMiB); }, ThrowsError(ErrorKind::kNoSpace));
  reserve("0");
  EXPECT_NO_THROW(require(250 * kMiB));
}

TEST_F(RoomTest, ADescriptionOfNonsenseDoesNotOverflow) {
  EXPECT_THAT([&] { require(0, UINT64_MAX - kMiB); }, ThrowsError(ErrorKind::kNoSpace));
}

TEST_F(RoomTest, ABackupThatEatsTheReserveIsStopped) {
  const State state = lab_->open();
  tests::Collector out;
  const std::string mebibyte = tests::noise(kMiB);
  fill(30 * kMiB);
  EXPECT_THAT(
      [&] {
        DiskSpaceGuard guard({state.paths, state.settings, Lab::source()}, out);
        for (int i = 0; i < 64; ++i) {
          guard.write(mebibyte);
          tests::spill(lab_->root() / ("growing." + std::to_string(i)), mebibyte);
        }
      },
      ThrowsError(ErrorKind::kNoSpace, HasSubstr("the disk is nearly full")));
  EXPECT_GE(disk_space(lab_->root()).available, 64 * kMiB / 10) << "the reserve is untouched";
  EXPECT_EQ(out.finished, 0);
}

TEST_F(RoomTest, ASmallBackupPasses) {
  const State state = lab_->open();
  tests::Collector out;
  DiskSpaceGuard guard({state.paths, state.settings, Lab::source()}, out);
  guard.write("abc");
  guard.finish();
  EXPECT_EQ(out.text, "abc");
  EXPECT_EQ(out.finished, 1);
}

TEST_F(RoomTest, ACreateOnAFullDiskFailsBeforeAByte) {
  fill(61 * kMiB);
  State state = lab_->open();
  lab_->forget_calls();
  EXPECT_THAT([&] { tests::create(state); }, ThrowsError(ErrorKind::kNoSpace));
  EXPECT_THAT(lab_->calls(), testing::Not(testing::Contains(testing::StartsWith("export"))));
  tests::expect_sound(*lab_);
}

TEST_F(RoomTest, ACreateThatFillsTheDiskLeavesNothing) {
  reserve("0");
  lab_->at("export.b", "head -c 100000000 /dev/urandom");
  State state = lab_->open();
  EXPECT_THAT([&] { tests::create(state); }, ThrowsError(ErrorKind::kNoSpace));
  EXPECT_GT(disk_space(lab_->root()).available, 60 * kMiB);
  EXPECT_EQ(state.catalog.open().list({}).at(0).status, BackupStatus::kFailed);
  tests::expect_sound(*lab_);
}

}  // namespace
}  // namespace backups
