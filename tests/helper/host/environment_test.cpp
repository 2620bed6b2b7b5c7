#include "host/environment.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <functional>

#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/directory.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using tests::spill;

/// In a process with just these variables.
void with(const std::map<std::string, std::string>& variables, const std::function<void()>& check) {
  const auto ending = tests::run_in_child([&] {
    ::clearenv();
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    check();
    return 0;
  });
  EXPECT_EQ(ending, tests::exited(0));
}

class HookEnvironment : public testing::Test {
 protected:
  void expect(const std::map<std::string, std::string>& variables,
              const std::function<void(const Environment&)>& check) {
    with(variables, [&] { check(hook_environment(directory_.path())); });
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

TEST_F(HookEnvironment, WithAFileThatCannotBeReadSaysHowToWriteItAgain) {
  fs::create_directory(directory_ / "environment");
  std::string path;
  EXPECT_THAT(
      tests::stderr_of([&] { path = hook_environment(directory_.path()).at("PATH"); }),
      AllOf(HasSubstr((directory_ / "environment").string()), HasSubstr("once it is removed")));
  EXPECT_NE(path, "");
  fs::remove(directory_ / "environment");
  EXPECT_THAT(tests::stderr_of([&] { hook_environment(directory_.path()); }), IsEmpty())
      << "there need not be one";
}

TEST_F(HookEnvironment, IsNotedWhenDokkuCalls) {
  const fs::path noted = directory_ / "environment";
  const auto ignored = [](const Environment&) {};
  expect({{"DOKKU_ROOT", "/at/a/shell"}}, ignored);
  EXPECT_FALSE(fs::exists(noted));
  expect({{"PLUGIN_PATH", "/p"}, {"DOKKU_ROOT", "/h"}, {"SSH_USER", "ann"}, {"PATH", "/x"}},
         ignored);
  EXPECT_EQ(tests::slurp(noted), "DOKKU_ROOT=/h\nPLUGIN_PATH=/p\n");
  expect({{"PLUGIN_PATH", "/p"}, {"DOKKU_ROOT", "/moved"}, {"DOKKU_DISTRO", "a\nb"}}, ignored);
  EXPECT_EQ(tests::slurp(noted), "DOKKU_ROOT=/moved\nPLUGIN_PATH=/p\n");
  expect({{"PLUGIN_PATH", "/p"}}, ignored);
  EXPECT_EQ(tests::slurp(noted), "DOKKU_ROOT=/moved\nPLUGIN_PATH=/p\n")
      << "a call that has fewer of them takes none away";
}

TEST(CalledByDokku, IsWhereThePathOfPluginsIsSet) {
  with({{"PATH", "/bin"}}, [] { EXPECT_FALSE(called_by_dokku()); });
  with({{"PLUGIN_PATH", "/var/lib/dokku/plugins"}}, [] { EXPECT_TRUE(called_by_dokku()); });
  with({{"PLUGIN_PATH", ""}}, [] { EXPECT_TRUE(called_by_dokku()); });
}

TEST(Program, IsStartedOnTheSameStateWithTheRightsOfAShell) {
  with({{"PLUGIN_PATH", "/p"}, {"PLUGIN_ENABLED_PATH", "/p/enabled"}, {"SSH_USER", "ann"}}, [] {
    const Command command = Program{"/bin/helper", "/state", "/hooks"}.command("deliver");
    EXPECT_THAT(command.argv,
                ElementsAre("/bin/helper", "deliver", "--root", "/state", "--hooks", "/hooks"));
    EXPECT_EQ(command.environment.count("PLUGIN_PATH"), 0U);
    EXPECT_THAT(command.environment, Contains(Pair("PLUGIN_ENABLED_PATH", "/p/enabled")));
    EXPECT_THAT(command.environment, Contains(Pair("SSH_USER", "ann")));
  });
}

}  // namespace
}  // namespace backups
