#include "sys/file.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/faults.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::files_below;
using tests::mode_of;
using tests::slurp;
using tests::spill;
using tests::TemporaryDirectory;
using tests::ThrowsError;
using tests::TinyDisk;

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const TemporaryDirectory directory;
  AtomicFile file(directory / "a");
  file.write("one");
  file.write("two");
  EXPECT_FALSE(fs::exists(directory / "a"));
  file.commit();
  EXPECT_EQ(slurp(directory / "a"), "onetwo");
  EXPECT_THAT(files_below(directory.path()), ElementsAre("a"));
}

TEST(AtomicFile, WithoutCommitLeavesWhatWasThere) {
  const TemporaryDirectory directory;
  spill(directory / "a", "old");
  {
    AtomicFile file(directory / "a");
    file.write("new");
    EXPECT_EQ(slurp(directory / "a"), "old");
  }
  EXPECT_EQ(slurp(directory / "a"), "old");
  EXPECT_THAT(files_below(directory.path()), ElementsAre("a"));
}

TEST(AtomicFile, StartsAfreshOverAnInterruptedOne) {
  const TemporaryDirectory directory;
  spill(directory / temporary_name("a"), "a longer leftover");
  write_file_atomically(directory / "a", "new");
  EXPECT_EQ(slurp(directory / "a"), "new");
}

TEST(AtomicFile, IsForItsOwnerOnly) {
  const mode_t before = ::umask(0);
  const TemporaryDirectory directory;
  AtomicFile file(directory / "a");
  EXPECT_EQ(mode_of(directory / temporary_name("a")), 0600U);
  file.commit();
  ::umask(before);
  EXPECT_EQ(mode_of(directory / "a"), 0600U);
}

TEST(AtomicFile, DoesNotFollowALinkLaidInItsWay) {
  const TemporaryDirectory directory;
  spill(directory / "victim", "precious");
  fs::create_symlink(directory / "victim", directory / temporary_name("a"));
  EXPECT_THAT([&] { AtomicFile(directory / "a"); }, ThrowsError(ErrorKind::kFailed));
  EXPECT_EQ(slurp(directory / "victim"), "precious");
}

TEST(AtomicFile, NamesTheFileThatCannotBeMade) {
  const TemporaryDirectory directory;
  EXPECT_THAT([&] { AtomicFile(directory.path() / "no" / "a"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("/no/.a.part")));
}

TEST(AtomicFile, OnAFullDiskIsNoRoomAndLeavesNothing) {
  if (!TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const TinyDisk disk(64);
  spill(disk.path() / "a", "old");
  EXPECT_THAT([&] { write_file_atomically(disk.path() / "a", std::string(200'000, 'x')); },
              ThrowsError(ErrorKind::kNoSpace, HasSubstr("No space left")));
  EXPECT_EQ(slurp(disk.path() / "a"), "old");
  EXPECT_THAT(files_below(disk.path()), ElementsAre("a"));
}

/// The old or the new, whatever call fails and whenever the power goes.
class AtomicFileFault : public testing::TestWithParam<tests::FaultPlan> {};

TEST_P(AtomicFileFault, LeavesTheOldOrTheNew) {
  const std::string text(20'000, 'n');
  const int count = tests::for_every_call(GetParam(), [&](const tests::FaultPlan& plan) {
    const TemporaryDirectory directory;
    spill(directory / "a", "old");
    const auto outcome =
        run_with_fault(plan, [&] { write_file_atomically(directory / "a", text); });
    const std::string found = slurp(directory / "a");
    EXPECT_TRUE(found == "old" || found == text) << found.size() << " bytes, call " << plan.at;
    if (outcome.end == tests::FaultOutcome::End::kDone) EXPECT_EQ(found, text);
    if (outcome.end != tests::FaultOutcome::End::kDied)
      EXPECT_THAT(files_below(directory.path()), ElementsAre("a"));
    return outcome;
  });
  EXPECT_GE(count, 5) << "open, write, fsync, rename, open, fsync";
}

INSTANTIATE_TEST_SUITE_P(Kinds, AtomicFileFault,
                         testing::Values(tests::FaultPlan{tests::FaultPlan::Kind::kFails, 0, EIO},
                                         tests::FaultPlan{tests::FaultPlan::Kind::kFails, 0,
                                                          ENOSPC},
                                         tests::FaultPlan{tests::FaultPlan::Kind::kKilled},
                                         tests::FaultPlan{tests::FaultPlan::Kind::kPowerCut}),
                         [](const auto& info) { return name_of(info.param); });

TEST(AtomicFile, SurvivesAPowerCutAfterCommit) {
  const TemporaryDirectory directory;
  tests::run_with_fault({tests::FaultPlan::Kind::kPowerCut, 7}, [&] {
    write_file_atomically(directory / "a", "whole");
    ::mkdir((directory / "seventh call").c_str(), 0700);
  });
  EXPECT_EQ(slurp(directory / "a"), "whole");
}

TEST(OpenToRead, TellsAMissingFileFromAnError) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(open_to_read(directory / "none"));
  EXPECT_FALSE(read_file(directory / "none"));
  spill(directory / "a", "x");
  EXPECT_TRUE(open_to_read(directory / "a"));
  EXPECT_THAT([&] { open_to_read(directory / "a" / "b"); }, ThrowsError(ErrorKind::kFailed));
}

TEST(ReadFile, ReadsAllOfIt) {
  const TemporaryDirectory directory;
  const std::string bytes = tests::noise(200'001);
  spill(directory / "a", bytes);
  spill(directory / "empty", "");
  EXPECT_EQ(read_file(directory / "a"), bytes);
  EXPECT_EQ(read_file(directory / "empty"), "");
}

TEST(MakeDirectories, MakesWhatIsMissingForItsOwnerOnly) {
  const mode_t before = ::umask(0);
  const TemporaryDirectory directory;
  make_directories(directory.path() / "a" / "b" / "c");
  make_directories(directory.path() / "a" / "b" / "c");
  ::umask(before);
  EXPECT_EQ(mode_of(directory / "a"), 0700U);
  EXPECT_EQ(mode_of(directory.path() / "a" / "b" / "c"), 0700U);
}

TEST(MakeDirectories, SaysWhatIsInTheWay) {
  const TemporaryDirectory directory;
  spill(directory / "a", "a file");
  EXPECT_THAT([&] { make_directories(directory / "a"); },
              ThrowsError(ErrorKind::kFailed, HasSubstr((directory / "a").string())));
}

TEST(RemoveDurably, RemovesAFileAndForgivesAMissingOne) {
  const TemporaryDirectory directory;
  spill(directory / "a", "x");
  remove_durably(directory / "a");
  remove_durably(directory / "a");
  EXPECT_THAT(files_below(directory.path()), IsEmpty());
  fs::create_directory(directory / "d");
  EXPECT_THAT([&] { remove_durably(directory / "d"); }, ThrowsError(ErrorKind::kFailed));
}

TEST(RemoveDurably, DoesNotTakeWhatItMayNotSeeForGone) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  spill(directory.path() / "closed" / "a", "x");
  fs::permissions(directory.path(), fs::perms::all);
  fs::permissions(directory / "closed", fs::perms::none);
  const auto ending = tests::run_in_child([&] {
    EXPECT_EQ(::setuid(65534), 0);
    EXPECT_THAT([&] { remove_durably(directory.path() / "closed" / "a"); },
                ThrowsError(ErrorKind::kFailed, HasSubstr("Permission denied")));
    EXPECT_THAT([&] { make_directories(directory.path() / "closed" / "b" / "c"); },
                ThrowsError(ErrorKind::kFailed, HasSubstr("Permission denied")));
    remove_durably(directory.path() / "none" / "a");
    return 0;
  });
  EXPECT_EQ(ending, tests::exited(0));
  fs::permissions(directory / "closed", fs::perms::owner_all);
}

TEST(RemoveTree, RemovesAllAndForgivesAll) {
  const TemporaryDirectory directory;
  spill(directory.path() / "a" / "b" / "c", "x");
  remove_tree(directory / "a");
  EXPECT_FALSE(fs::exists(directory / "a"));
  remove_tree(directory / "a");
  remove_tree("/proc/1/nothing");
}

TEST(ListDirectory, IsSortedAndEmptyWhereThereIsNone) {
  const TemporaryDirectory directory;
  for (const char* name : {"b", "a", ".hidden"}) spill(directory / name, "");
  EXPECT_THAT(list_directory(directory.path()), ElementsAre(".hidden", "a", "b"));
  EXPECT_THAT(list_directory(directory / "none"), IsEmpty());
  EXPECT_THAT([&] { list_directory(directory / "a"); }, ThrowsError(ErrorKind::kFailed));
}

TEST(DiskSpace, IsThatOfTheNearestParent) {
  const TemporaryDirectory directory;
  const Space here = disk_space(directory.path());
  EXPECT_GT(here.total, 0U);
  EXPECT_LE(here.available, here.total);
  EXPECT_EQ(disk_space(directory.path() / "not" / "there").total, here.total);
}

TEST(DiskSpace, IsThatOfTheFileSystem) {
  if (!TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const TinyDisk disk(1024);
  EXPECT_EQ(disk_space(disk.path()).total, 1024U * 1024U);
  spill(disk.path() / "a", std::string(512 * 1024, 'x'));
  EXPECT_EQ(disk_space(disk.path()).available, 512U * 1024U);
}

}  // namespace
}  // namespace backups
