#include "host/paths.hpp"

#include <gmock/gmock.h>

#include "support/directory.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory))
    names.push_back(entry.path().filename().string());
  return names;
}

/// helper/FORMAT.md, which never changes.
TEST(Paths, AreThoseOfTheFormat) {
  const Paths paths{"/state"};
  const Source source{"sqlite", "app.db-1f0c2a9b4d5e6f70", "/srv/app.db"};
  EXPECT_EQ(paths.settings().string(), "/state/settings.json");
  EXPECT_EQ(paths.catalog().string(), "/state/catalog.db");
  EXPECT_EQ(paths.runs().string(), "/state/run");
  EXPECT_EQ(paths.lock("settings").string(), "/state/locks/settings");
  EXPECT_EQ(paths.log_file(source, "id").string(),
            "/state/logs/sqlite/app.db-1f0c2a9b4d5e6f70/id.log");
  EXPECT_EQ(key_of(source, "id.json"), "sqlite/app.db-1f0c2a9b4d5e6f70/id.json")
      << "by the stored name and not by the address";
}

TEST(StateDirectory, HasNothingThatCouldBeTakenForATypeOfSource) {
  const tests::TemporaryDirectory directory;
  make_state_directory({directory / "state"});
  EXPECT_THAT(names_in(directory / "state"),
              UnorderedElementsAre("locks", "run", "logs", "secrets"));
  for (const auto& name : names_in(directory / "state")) EXPECT_TRUE(is_own_directory(name));
  for (const char* name : {"", "lock", "locks2", "Run", "postgres", "generic"})
    EXPECT_FALSE(is_own_directory(name)) << name;
}

TEST(StateDirectory, ThatExistsKeepsWhatItHolds) {
  const tests::TemporaryDirectory directory;
  tests::spill(directory.path() / "logs" / "fake" / "one.log", "a line\n");
  make_state_directory({directory.path()});
  make_state_directory({directory.path()});
  EXPECT_EQ(tests::slurp(directory.path() / "logs" / "fake" / "one.log"), "a line\n");
  EXPECT_TRUE(fs::is_directory(directory / "secrets"));
}

TEST(StateDirectory, NamesTheFileThatIsInItsWay) {
  const tests::TemporaryDirectory directory;
  tests::spill(directory / "run", "mine");
  EXPECT_THAT([&] { make_state_directory({directory.path()}); },
              tests::ThrowsError(ErrorKind::kFailed, HasSubstr((directory / "run").string())));
  EXPECT_EQ(tests::slurp(directory / "run"), "mine");
}

}  // namespace
}  // namespace backups
