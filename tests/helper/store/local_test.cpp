#include "store/local.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::Collector;
using tests::files_below;
using tests::mode_of;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

constexpr const char* kKey = "fake/one/x.dump";

class LocalStoreTest : public testing::Test {
 protected:
  void put(const std::string& text) {
    const auto sink = store_->put(kKey);
    sink->write(text);
    sink->finish();
  }

  tests::TemporaryDirectory directory_;
  fs::path file_ = directory_.path() / kKey;
  std::unique_ptr<Store> store_ = make_local_store(directory_.path());
};

TEST_F(LocalStoreTest, IsForItsOwnerOnly) {
  const mode_t before = ::umask(0);
  put("secret");
  ::umask(before);
  EXPECT_EQ(mode_of(file_), 0600U);
  EXPECT_EQ(mode_of(file_.parent_path()), 0700U);
  EXPECT_EQ(mode_of(file_.parent_path().parent_path()), 0700U);
}

TEST_F(LocalStoreTest, IsAPlainFileBelowItsRoot) {
  put("bytes");
  EXPECT_EQ(slurp(file_), "bytes");
  EXPECT_THAT(files_below(directory_.path()), ElementsAre(kKey));
}

TEST_F(LocalStoreTest, AbandonsWhatAKilledProcessLeft) {
  tests::Child writer([this] {
    const auto sink = store_->put(kKey);
    sink->write("half");
    return std::raise(SIGKILL);
  });
  EXPECT_EQ(writer.wait(), tests::killed_by(SIGKILL));
  ASSERT_THAT(files_below(directory_.path()), SizeIs(1));
  EXPECT_THAT(store_->list("fake"), IsEmpty());
  store_->abandon(kKey);
  EXPECT_THAT(files_below(directory_.path()), IsEmpty());
}

TEST_F(LocalStoreTest, ListsNoHiddenAndNoSpecialFiles) {
  put("x");
  spill(directory_.path() / "fake/one/.y.dump.part", "half");
  spill(directory_.path() / "fake/.hidden/z", "z");
  ASSERT_EQ(::mkfifo((directory_.path() / "fake/one/fifo").c_str(), 0600), 0);
  ASSERT_THAT(store_->list("fake"), SizeIs(1));
  EXPECT_EQ(store_->list("fake")[0].key, kKey);
}

TEST_F(LocalStoreTest, RefusesToWriteIntoAFullDisk) {
  if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
  const tests::TinyDisk disk(256);
  const auto store = make_local_store(disk.path());
  EXPECT_THAT(
      [&] {
        const auto sink = store->put(kKey);
        for (int i = 0; i < 100; ++i) sink->write(std::string(10'000, 'x'));
      },
      ThrowsError(ErrorKind::kNoSpace));
  EXPECT_THAT(files_below(disk.path()), IsEmpty());
}

TEST_F(LocalStoreTest, SaysWhenAFileIsInTheWayOfADirectory) {
  spill(directory_ / "fake", "a file");
  EXPECT_THAT([this] { store_->put(kKey); }, ThrowsError(ErrorKind::kFailed));
}

TEST_F(LocalStoreTest, PassesOnWhatTheReaderThrows) {
  put("a text");
  tests::FullSink full(3);
  EXPECT_THAT([&] { store_->get(kKey, full); }, ThrowsError(ErrorKind::kNoSpace));
}

}  // namespace
}  // namespace backups
