#include "host/catalog_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "host/run.hpp"
#include "host/state.hpp"
#include "model/target.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "support/shell.hpp"
#include "sys/clock.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

std::vector<std::string> ids(State& state) {
  std::vector<std::string> found;
  for (const auto& backup : state.catalog.open().list({})) found.push_back(backup.id);
  return found;
}

class LostCatalog : public testing::Test {
 protected:
  void SetUp() override {
    State state = lab_.open();
    first_ = create(state).id;
    second_ = create(state).id;
  }
  /// Opens the catalog as the next command does; returns what it said.
  std::string reopened() {
    return tests::stderr_of([this] {
      State state = lab_.open();
      found_ = ids(state);
    });
  }

  fs::path file() const { return lab_.root() / "catalog.db"; }

  Lab lab_;
  std::string first_, second_;
  std::vector<std::string> found_;
};

TEST_F(LostCatalog, IsRebuiltAndThatIsSaid) {
  fs::remove(file());
  EXPECT_THAT(reopened(), HasSubstr("rebuilt from the manifests of 2 backup(s)"));
  EXPECT_THAT(found_, ElementsAre(second_, first_));
  EXPECT_THAT(reopened(), IsEmpty()) << "once";
  tests::expect_sound(lab_);
}

TEST_F(LostCatalog, ThatIsEmptyIsRebuilt) {
  spill(file(), "");
  reopened();
  EXPECT_THAT(found_, SizeIs(2));
}

TEST_F(LostCatalog, ThatIsDamagedIsKeptAsideAndRebuilt) {
  spill(file(), tests::prose(20'000));
  EXPECT_THAT(reopened(), HasSubstr("The catalog is damaged"));
  EXPECT_THAT(found_, ElementsAre(second_, first_));
  EXPECT_THAT(tests::files_below(lab_.root()), Contains(StartsWith("catalog.db.damaged-")));
  tests::expect_sound(lab_);
}

TEST_F(LostCatalog, ThatIsDamagedInTheMiddleIsRebuiltAtTheLatestByTheNextCommand) {
  std::string bytes = slurp(file());
  bytes.replace(4096, bytes.size() - 4096, tests::noise(bytes.size() - 4096));
  spill(file(), bytes);
  try {
    reopened();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDamaged);
  }
  EXPECT_NO_THROW(reopened()) << "and for ever so: no command works any more";
  EXPECT_THAT(found_, ElementsAre(second_, first_));
}

TEST_F(LostCatalog, IsRebuiltWholeThoughTheFirstTryWasKilled) {
  fs::remove(file());
  { const Catalog made_and_then_killed(file()); }
  reopened();
  EXPECT_THAT(found_, ElementsAre(second_, first_));
}

TEST_F(LostCatalog, LeavesOutAManifestThatIsBadAndSaysSo) {
  fs::remove(file());
  const fs::path directory = lab_.backups_of(Lab::source());
  spill(directory / (first_ + ".json"), "{ half");
  fs::copy(directory / (second_ + ".json"), directory / "one-2020-01-01-00-00-00.json");
  EXPECT_THAT(reopened(), HasSubstr("fake/one/" + first_ + ".json"));
  EXPECT_THAT(found_, ElementsAre(second_));
}

TEST_F(LostCatalog, IsRebuiltFromManifestsAndFromNothingElse) {
  fs::remove(file());
  State state = lab_.open();
  const backups::Run running(state.paths, "create", Lab::source());
  EXPECT_THAT(reopened(), Not(HasSubstr("run.json")));
  EXPECT_THAT(found_, SizeIs(2));
}

TEST_F(LostCatalog, IsRebuiltOnceByTwoCommandsAtOnce) {
  fs::remove(file());
  std::vector<std::unique_ptr<tests::Child>> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(std::make_unique<tests::Child>([this] {
      State state = lab_.open();
      return static_cast<int>(ids(state).size());
    }));
  for (auto& child : children)
    EXPECT_EQ(child->wait(), tests::exited(2)) << "each sees every backup";
}

TEST_F(LostCatalog, InWhosePlaceIsADirectoryIsRebuilt) {
  for (const char* part : {"", "-wal"}) {
    fs::remove(file());
    fs::create_directory(file().string() + part);
    EXPECT_THAT(reopened(), HasSubstr(file().string() + part + " is not a regular file"));
    EXPECT_THAT(found_, ElementsAre(second_, first_)) << part;
    for (const auto& name : list_directory(lab_.root()))  // two in one second have one name
      if (name.starts_with("catalog.db.damaged-")) fs::remove_all(lab_.root() / name);
  }
}

TEST_F(LostCatalog, OfAHostThatStoresOffSiteAsksForASync) {
  spill(lab_.root() / "settings.json", R"({"targets": {"far": {"bucket": "mine"}}})");
  fs::remove(file());
  EXPECT_THAT(reopened(), Not(HasSubstr("sync"))) << "it has no name there yet";
  lab_.open().identity.read();
  fs::remove(file());
  EXPECT_THAT(reopened(), HasSubstr("backups-helper sync"));
}

TEST_F(LostCatalog, ThatIsOfBeforeTheFirstReleaseIsLeftAloneAndTheWayOutIsNamed) {
  fs::remove(file());
  {
    Database(file()).execute(
        "CREATE TABLE backups (key INTEGER PRIMARY KEY, id TEXT); "
        "CREATE TABLE artifacts (backup INTEGER, position INTEGER); PRAGMA user_version = 4");
  }
  State state = lab_.open();
  const std::string root = lab_.root().string();
  EXPECT_THAT(
      [&] { state.catalog.open(); },
      ThrowsError(ErrorKind::kRefused, AllOf(HasSubstr(file().string()),
                                             HasSubstr("mv " + root + " " + root + ".preview"))));
  Database left(file());
  Statement version(left, "PRAGMA user_version");
  ASSERT_TRUE(version.step());
  EXPECT_EQ(version.number(0), 4);
}

TEST_F(LostCatalog, ThatAnotherProcessHasSetAsideIsNotWrittenToAnyMore) {
  State state = lab_.open();
  Catalog& old = state.catalog.open();
  EXPECT_EQ(&state.catalog.open(), &old);
  spill(Database::damage_mark(file()), "");
  EXPECT_THAT(reopened(), HasSubstr("a command found it damaged"));
  EXPECT_FALSE(fs::exists(Database::damage_mark(file())));

  const Backup row = row_of(state, first_);
  state.catalog.open().record(row, "verified", "", now());
  EXPECT_NE(&state.catalog.open(), &old);
  State other = lab_.open();
  EXPECT_THAT(other.catalog.open().events(row_of(other, first_)), SizeIs(1));
  EXPECT_THAT(old.list({}), SizeIs(2)) << "whoever still refers to it may read on";
}

class Adopting : public testing::Test {
 protected:
  Adopting() {
    manifest_.suspect = "it is much smaller than the one before";
    manifest_.reference = "one-2026-04-07-14-30-00";
    manifest_ = tests::sealed(manifest_);
  }
  Backup adopted(const std::string& target = kLocalTarget, const std::string& host = "") {
    state_.catalog.adopt(manifest_, target, host);
    return row_of(state_, manifest_.id);
  }

  Lab lab_;
  State state_ = lab_.open();
  Manifest manifest_ = tests::manifest_of(Lab::source(), tests::kNoon);
};

TEST_F(Adopting, RecordsASuspicionUntilAPersonHasAcceptedTheBackup) {
  EXPECT_EQ(adopted().suspect, manifest_.suspect);
  EXPECT_EQ(adopted().reference, manifest_.reference);
  state_.settings.change(
      [this](Settings& settings) { settings.accepted.insert(manifest_.text()); });
  EXPECT_EQ(adopted().suspect, "");
  EXPECT_EQ(adopted().reference, "");
}

TEST_F(Adopting, IsAnImportWhereAnotherHostMadeTheBackup) {
  EXPECT_FALSE(adopted().imported);
  manifest_ = tests::manifest_of(Lab::source(), tests::kNoon + 60);
  EXPECT_FALSE(adopted("far", state_.identity.read().name).imported);
  manifest_ = tests::manifest_of(Lab::source(), tests::kNoon + 120);
  const Backup foreign = adopted("far", "elsewhere-0a0b0c0d");
  EXPECT_TRUE(foreign.imported);
  EXPECT_EQ(foreign.copy_on("far")->host, "elsewhere-0a0b0c0d");
}

class CatalogOnAFullDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::TinyDisk::can_mount()) GTEST_SKIP() << "needs root";
    disk_ = std::make_unique<tests::TinyDisk>(8U * 1024U);
    lab_ = std::make_unique<Lab>(disk_->path() / "state");
    State state = lab_->open();
    id_ = create(state).id;
  }
  void fill() {
    const Fd fd(::open((disk_->path() / "other").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const auto space = static_cast<off_t>(disk_space(disk_->path()).available);
    ASSERT_EQ(::fallocate(fd.get(), 0, 0, space), 0);
  }
  void expect_readable_only() {
    State state = lab_->open();
    EXPECT_THAT(ids(state), ElementsAre(id_));
    EXPECT_THAT([&] { state.catalog.open().begin(Lab::source(), now(), Trigger::kManual, ""); },
                ThrowsError(ErrorKind::kNoSpace));
    fs::remove(disk_->path() / "other");
    EXPECT_NO_THROW(state.catalog.open().begin(Lab::source(), now(), Trigger::kManual, ""));
    EXPECT_THAT(ids(state), AllOf(SizeIs(2), Contains(id_)));
  }

  std::unique_ptr<tests::TinyDisk> disk_;
  std::unique_ptr<Lab> lab_;
  std::string id_;
};

TEST_F(CatalogOnAFullDisk, IsACopyToReadUntilThereIsSpace) {
  fill();
  expect_readable_only();
}

TEST_F(CatalogOnAFullDisk, ThatIsLostIsReadFromTheManifests) {
  fs::remove(lab_->root() / "catalog.db");
  fill();
  expect_readable_only();
}

}  // namespace
}  // namespace backups
