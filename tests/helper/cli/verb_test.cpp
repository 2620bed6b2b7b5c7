#include "cli/verb.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "support/directory.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

TEST(Verbs, AreThoseOfThePlan) {
  std::set<std::string> names;
  for (const auto& verb : verbs()) names.insert(verb.name);
  for (const char* name : {"create", "list", "info", "logs", "restore", "download", "adopt",
                           "delete", "pin", "unpin", "cancel", "verify", "set"})
    EXPECT_THAT(names, Contains(name));
  EXPECT_EQ(names.size(), verbs().size()) << "each once";
}

TEST(Verbs, AreFoundByName) {
  EXPECT_STREQ(find_verb("create")->name, "create");
  for (const char* none : {"", "creat", "created", "CREATE", "help"})
    EXPECT_EQ(find_verb(none), nullptr);
}

class EveryVerb : public testing::TestWithParam<Verb> {};

TEST_P(EveryVerb, FitsIntoTheHelpOfDokku) {
  // Dokku splits a line at its comma.
  EXPECT_THAT(GetParam().name, MatchesRegex("[a-z]+(-[a-z]+)?"));
  EXPECT_THAT(std::string(GetParam().usage), Not(HasSubstr(",")));
  EXPECT_THAT(std::string(GetParam().summary), Not(HasSubstr(",")));
  EXPECT_THAT(std::string(GetParam().summary), Not(IsEmpty()));
  EXPECT_LE(GetParam().words.fewest, GetParam().words.most);
}

TEST_P(EveryVerb, NamesItsOptionsInItsUsage) {
  std::set<std::string> seen;
  const std::string usage = GetParam().usage;
  const bool some = usage.find(" ...") != std::string::npos;  // `help` lists the others
  for (const auto& option : GetParam().options) {
    if (!some) EXPECT_THAT(usage, HasSubstr("--" + std::string(option.name)));
    EXPECT_THAT(option.name, MatchesRegex("[a-z]([a-z-]*[a-z])"));
    EXPECT_TRUE(seen.insert(option.name).second) << option.name << " twice";
    EXPECT_THAT(std::string(option.help), Not(IsEmpty()));
  }
}

TEST_P(EveryVerb, HasASubcommandOfItsName) {
  const fs::path commands = tests::source("commands");
  if (!fs::is_directory(commands) || fs::is_empty(commands)) GTEST_SKIP() << "no commands yet";
  const fs::path file = commands / GetParam().name;
  if (GetParam().internal) {
    EXPECT_FALSE(fs::exists(file)) << "dokku must not call it";
  } else {
    EXPECT_EQ(::access(file.c_str(), X_OK), 0) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryVerb, testing::ValuesIn(verbs()), [](const auto& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Subcommands, AreAllVerbs) {
  const fs::path commands = tests::source("commands");
  if (!fs::is_directory(commands) || fs::is_empty(commands)) GTEST_SKIP() << "no commands yet";
  for (const auto& entry : fs::directory_iterator(commands)) {
    const std::string name = entry.path().filename();
    if (name == "help" || name == "version" || name == "default" || name[0] == '.') continue;
    EXPECT_NE(find_verb(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace backups
