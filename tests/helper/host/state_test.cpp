#include "host/state.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "host/run.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using testing::StartsWith;
using tests::create;
using tests::Lab;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class StateTest : public testing::Test {
 protected:
  std::vector<std::string> ids(State& state) {
    std::vector<std::string> found;
    for (const auto& backup : state.catalog.open().list({})) found.push_back(backup.id);
    return found;
  }

  Lab lab_;
};

TEST_F(StateTest, MakesItsDirectoriesForItsOwnerOnly) {
  const mode_t before = ::umask(0);
  const tests::TemporaryDirectory directory;
  const State state(directory.path() / "lib" / "data", lab_.hooks(), {});
  ::umask(before);
  for (const char* name : {"", "locks", "run", "logs", "secrets"})
    EXPECT_EQ(tests::mode_of(directory.path() / "lib" / "data" / name), 0700U) << name;
}

TEST_F(StateTest, GivesTheHostANameThatStays) {
  fs::remove(lab_.root() / "settings.json");
  State state = lab_.open();
  const std::string host = state.identity.read().name;
  EXPECT_THAT(host, MatchesRegex(".+-[0-9a-f]{8}"));
  EXPECT_EQ(state.identity.read().name, host);
  EXPECT_EQ(lab_.open().identity.read().name, host);
}

TEST_F(StateTest, ChangesSettingsOneAfterTheOther) {
  lab_.open();
  std::vector<std::unique_ptr<tests::Child>> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(std::make_unique<tests::Child>([this, i] {
      State state = lab_.open();
      for (int j = 0; j < 25; ++j)
        state.settings.change([&](Settings& settings) {
          settings.pins.insert(std::to_string(i) + "." + std::to_string(j));
        });
      return 0;
    }));
  }
  for (auto& child : children) EXPECT_EQ(child->wait(), tests::exited(0));
  EXPECT_THAT(lab_.open().settings.read().pins, SizeIs(100));
}

TEST_F(StateTest, LeavesSettingsAloneWhenTheChangeFails) {
  State state = lab_.open();
  const std::string before = slurp(lab_.root() / "settings.json");
  EXPECT_THROW(state.settings.change([](Settings& settings) {
    settings.host_id = "changed";
    throw Error(ErrorKind::kBadInput, "no");
  }),
               Error);
  EXPECT_EQ(slurp(lab_.root() / "settings.json"), before);
}

TEST_F(StateTest, DoesNotReplaceDamagedSettings) {
  spill(lab_.root() / "settings.json", "{ half");
  State state = lab_.open();
  EXPECT_THAT([&] { state.settings.read(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([&] { state.settings.change([](Settings&) {}); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(slurp(lab_.root() / "settings.json"), "{ half");
}

TEST_F(StateTest, ALockSaysWhoHasIt) {
  State state = lab_.open();
  const Lock lock = state.locks.acquire(Lab::source(), "create");
  const backups::Run run(state.paths, kCreateVerb, Lab::source());
  EXPECT_THAT(
      [&] { state.locks.acquire(Lab::source(), "restore"); },
      ThrowsError(ErrorKind::kBusy, testing::AllOf(HasSubstr("fake:one is busy: create (process " +
                                                             std::to_string(::getpid())),
                                                   HasSubstr("backups-helper cancel fake:one"))));
  EXPECT_FALSE(state.locks.try_acquire(Lab::source(), "x"));
  EXPECT_TRUE(state.locks.try_acquire(Lab::source("two"), "x"));
  EXPECT_TRUE(state.locks.try_acquire({"mysql", "one", "one"}, "x"))
      << "a source is a type and a name";
}

/// By the run, not by what a person reads: a command that may only be waited for is not cancelled.
TEST_F(StateTest, ALockOffersToCancelOnlyWhatCancelFinds) {
  State state = lab_.open();
  const auto lock = std::make_optional(state.locks.acquire(Lab::source(), "creating nothing"));
  const auto refused = [&](const testing::Matcher<std::string>& words) {
    return ThrowsError(ErrorKind::kBusy, words);
  };
  const auto again = [&] { state.locks.acquire(Lab::source(), "x"); };
  EXPECT_THAT(again, refused(Not(HasSubstr(" cancel "))));
  {
    const backups::Run copy(state.paths, kCopyVerb, Lab::source());
    EXPECT_THAT(again, refused(Not(HasSubstr(" cancel ")))) << "a copy does not hold the lock";
    const backups::Run other(state.paths, kCreateVerb, Lab::source("two"));
    EXPECT_THAT(again, refused(Not(HasSubstr(" cancel "))));
    const backups::Run restore(state.paths, kRestoreVerb, Lab::source());
    EXPECT_THAT(again, refused(HasSubstr("or stop it with backups-helper cancel fake:one")));
  }
  EXPECT_THAT(again, refused(Not(HasSubstr(" cancel ")))) << "it has ended";
}

class LostCatalog : public StateTest {
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

  std::string first_, second_;
  std::vector<std::string> found_;
};

TEST_F(LostCatalog, IsRebuiltAndThatIsSaid) {
  fs::remove(lab_.root() / "catalog.db");
  EXPECT_THAT(reopened(), HasSubstr("rebuilt from the manifests of 2 backup(s)"));
  EXPECT_THAT(found_, ElementsAre(second_, first_));
  EXPECT_THAT(reopened(), IsEmpty()) << "once";
  tests::expect_sound(lab_);
}

TEST_F(LostCatalog, ThatIsEmptyIsRebuilt) {
  spill(lab_.root() / "catalog.db", "");
  reopened();
  EXPECT_THAT(found_, SizeIs(2));
}

TEST_F(LostCatalog, ThatIsDamagedIsKeptAsideAndRebuilt) {
  spill(lab_.root() / "catalog.db", tests::prose(20'000));
  EXPECT_THAT(reopened(), HasSubstr("The catalog is damaged"));
  EXPECT_THAT(found_, ElementsAre(second_, first_));
  EXPECT_THAT(tests::files_below(lab_.root()), Contains(StartsWith("catalog.db.damaged-")));
  tests::expect_sound(lab_);
}

TEST_F(LostCatalog, ThatIsDamagedInTheMiddleIsRebuiltAtTheLatestByTheNextCommand) {
  std::string bytes = slurp(lab_.root() / "catalog.db");
  bytes.replace(4096, bytes.size() - 4096, tests::noise(bytes.size() - 4096));
  spill(lab_.root() / "catalog.db", bytes);
  try {
    reopened();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDamaged);
  }
  EXPECT_NO_THROW(reopened()) << "and for ever so: no command works any more";
  EXPECT_THAT(found_, ElementsAre(second_, first_));
}

TEST_F(LostCatalog, IsRebuiltWholeThoughTheFirstTryWasKilled) {
  fs::remove(lab_.root() / "catalog.db");
  { const Catalog made_and_then_killed(lab_.root() / "catalog.db"); }
  reopened();
  EXPECT_THAT(found_, ElementsAre(second_, first_));
}

TEST_F(LostCatalog, LeavesOutAManifestThatIsBadAndSaysSo) {
  fs::remove(lab_.root() / "catalog.db");
  const fs::path directory = lab_.backups_of(Lab::source());
  spill(directory / (first_ + ".json"), "{ half");
  fs::copy(directory / (second_ + ".json"), directory / "one-2020-01-01-00-00-00.json");
  EXPECT_THAT(reopened(), HasSubstr("fake/one/" + first_ + ".json"));
  EXPECT_THAT(found_, ElementsAre(second_));
}

TEST_F(LostCatalog, IsRebuiltFromManifestsAndFromNothingElse) {
  fs::remove(lab_.root() / "catalog.db");
  State state = lab_.open();
  const backups::Run running(state.paths, "create", Lab::source());
  EXPECT_THAT(reopened(), Not(HasSubstr("run.json")));
  EXPECT_THAT(found_, SizeIs(2));
}

TEST_F(LostCatalog, IsRebuiltOnceByTwoCommandsAtOnce) {
  fs::remove(lab_.root() / "catalog.db");
  std::vector<std::unique_ptr<tests::Child>> children;
  for (int i = 0; i < 4; ++i)
    children.push_back(std::make_unique<tests::Child>([this] {
      State state = lab_.open();
      return static_cast<int>(ids(state).size());
    }));
  for (auto& child : children)
    EXPECT_EQ(child->wait(), tests::exited(2)) << "each sees every backup";
}

class HookEnvironment : public testing::Test {
 protected:
  /// Of a process with just these variables.
  void expect(const std::map<std::string, std::string>& variables,
              const std::function<void(const Environment&)>& check) {
    const auto ending = tests::run_in_child([&] {
      ::clearenv();
      for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
      check(hook_environment(directory_.path()));
      return 0;
    });
    EXPECT_EQ(ending, tests::exited(0));
  }

  tests::TemporaryDirectory directory_;
};

TEST_F(HookEnvironment, HasDefaults) {
  expect({}, [](const Environment& environment) {
    EXPECT_THAT(environment, testing::UnorderedElementsAre(
                                 Pair("PATH", HasSubstr("/usr/bin")), Pair("HOME", "/"),
                                 Pair("DOCKER_BIN", "docker"), Pair("LC_ALL", "C.UTF-8")));
  });
}

TEST_F(HookEnvironment, PassesOnDokkusPathsAndCallerOnly) {
  expect({{"PLUGIN_PATH", "/p"},
          {"SSH_USER", "ann"},
          {"DOKKU_ROOT", "/h"},
          {"LC_ALL", "de_DE"},
          {"LD_PRELOAD", "x"},
          {"BASH_ENV", "x"},
          {"DOKKU_TRACE", "1"},
          {"PGPASSWORD", "x"}},
         [](const Environment& environment) {
           EXPECT_THAT(environment, Contains(Pair("PLUGIN_PATH", "/p")));
           EXPECT_THAT(environment, Contains(Pair("SSH_USER", "ann")));
           EXPECT_THAT(environment, Contains(Pair("LC_ALL", "C.UTF-8")));
           for (const char* name : {"LD_PRELOAD", "BASH_ENV", "PGPASSWORD"})
             EXPECT_EQ(environment.count(name), 0U) << name;
         });
}

TEST_F(HookEnvironment, TakesWhatIsMissingFromTheFile) {
  spill(directory_ / "environment",
        "# a comment\nDOKKU_ROOT=/from/file\nPLUGIN_PATH=/a=b\nLD_PRELOAD=evil\nnonsense\n=x\n");
  expect({{"DOKKU_ROOT", "/own"}}, [](const Environment& environment) {
    EXPECT_THAT(environment, Contains(Pair("DOKKU_ROOT", "/own")));
    EXPECT_THAT(environment, Contains(Pair("PLUGIN_PATH", "/a=b")));
    EXPECT_EQ(environment.count("LD_PRELOAD"), 0U);
  });
}

}  // namespace
}  // namespace backups
