// Several processes that use one catalog at the same time.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <set>

#include "catalog/catalog.hpp"
#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::SizeIs;
using tests::Child;
using tests::exited;
using tests::kNoon;

const Source kDb{"postgres", "my-db", "my-db"};

class CatalogProcesses : public testing::Test {
 protected:
  /// Runs `work` in that many processes, which start together.
  void together(int count, const std::function<int()>& work) {
    int gate[2];
    ASSERT_EQ(::pipe(gate), 0);
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < count; ++i) {
      children.push_back(std::make_unique<Child>([&] {
        ::close(gate[1]);
        char c = 0;
        [[maybe_unused]] const auto ended = ::read(gate[0], &c, 1);
        return work();
      }));
    }
    ::close(gate[1]);
    for (auto& child : children) EXPECT_EQ(child->wait(), exited(0));
    ::close(gate[0]);
  }

  tests::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "catalog.db";
};

TEST_F(CatalogProcesses, GetDifferentIdsForTheSameSecond) {
  { const Catalog catalog(path_); }
  together(2, [this] {
    Catalog catalog(path_);
    for (int i = 0; i < 25; ++i) catalog.begin(kDb, kNoon, Trigger::kManual, "");
    return 0;
  });
  Catalog catalog(path_);
  std::set<std::string> ids;
  for (const auto& backup : catalog.list({})) ids.insert(backup.id);
  EXPECT_THAT(ids, SizeIs(50));
}

TEST_F(CatalogProcesses, ReadWhileAnotherWrites) {
  Catalog catalog(path_);
  Child writer([this] {
    Catalog own(path_);
    for (int i = 0; i < 200; ++i) {
      const Backup backup = own.begin(kDb, kNoon + i, Trigger::kManual, "");
      own.succeed(backup, tests::manifest_of(backup), "local", "");
    }
    return 0;
  });
  std::size_t seen = 0;
  while (!writer.wait_for(std::chrono::milliseconds(0))) {
    const std::size_t now = catalog.list({}).size();
    EXPECT_GE(now, seen);
    seen = now;
  }
  EXPECT_EQ(writer.wait(), exited(0));
  EXPECT_THAT(catalog.list({}), SizeIs(200));
}

TEST_F(CatalogProcesses, KeepWhatWasDoneWhenOneIsKilled) {
  { const Catalog made(path_); }
  Child victim([this] {
    Catalog catalog(path_);
    for (int i = 0;; ++i) catalog.begin(kDb, kNoon + i, Trigger::kManual, "");
    return 0;
  });
  EXPECT_TRUE(tests::eventually([this] { return Catalog(path_).list({}).size() > 5; }));
  victim.kill(SIGKILL);
  victim.wait();
  Catalog catalog(path_);
  EXPECT_GT(catalog.list({}).size(), 5U);
  EXPECT_EQ(catalog.begin(kDb, kNoon - 1, Trigger::kManual, "").status, BackupStatus::kInProgress);
}

}  // namespace
}  // namespace backups
