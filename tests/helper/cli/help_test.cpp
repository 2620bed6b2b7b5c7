#include "cli/help.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "cli/verb.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;
using tests::lines_of;
using tests::ThrowsError;

std::string help(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  print_help(arguments);
  return testing::internal::GetCapturedStdout();
}

/// Those that a person calls.
std::vector<Verb> public_verbs() {
  std::vector<Verb> found;
  for (const auto& verb : verbs())
    if (!verb.internal) found.push_back(verb);
  return found;
}

TEST(Help, ForDokkuIsOneLine) {
  const auto lines = lines_of(help({"--dokku"}));
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], StartsWith("    backups, "));
}

TEST(Help, ForDokkuHasExactlyOneCommaALine) {
  for (const auto& arguments :
       {std::vector<std::string>{"--dokku"}, std::vector<std::string>{"--dokku", "--all"}}) {
    for (const auto& line : lines_of(help(arguments)))
      EXPECT_EQ(std::count(line.begin(), line.end(), ','), 1) << line;
  }
}

TEST(Help, ForDokkuNamesEveryVerb) {
  const auto lines = lines_of(help({"--dokku", "--all"}));
  EXPECT_THAT(lines, SizeIs(public_verbs().size() + 2));
  EXPECT_THAT(lines, Each(StartsWith("    backups:")));
  for (const auto& verb : public_verbs())
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("    backups:" + std::string(verb.name)),
                                      HasSubstr(verb.summary))));
}

TEST(Help, ForCompletionIsTheVerbs) {
  const auto lines = lines_of(help({"--completion"}));
  EXPECT_THAT(lines, SizeIs(public_verbs().size() + 2));
  for (const auto& verb : public_verbs()) EXPECT_THAT(lines, Contains(verb.name));
  EXPECT_THAT(lines, AllOf(Contains("version"), Contains("help")));
}

TEST(Help, OverviewNamesEveryVerb) {
  const std::string text = help({});
  for (const auto& verb : public_verbs()) {
    EXPECT_THAT(text, HasSubstr("backups:" + std::string(verb.name)));
    EXPECT_THAT(text, HasSubstr(verb.summary));
  }
  EXPECT_EQ(help({"help"}), text);
  EXPECT_EQ(help({"version"}), text);
}

TEST(Help, OfAVerbHasItsUsageAndOptions) {
  for (const auto& verb : verbs()) {
    const std::string text = help({verb.name});
    EXPECT_THAT(text, StartsWith("Usage: dokku backups:" + std::string(verb.name)));
    EXPECT_THAT(text, HasSubstr(verb.summary));
    for (const auto& option : verb.options) {
      EXPECT_THAT(text, HasSubstr("--" + std::string(option.name)));
      EXPECT_THAT(text, HasSubstr(option.help));
    }
    EXPECT_EQ(help({"backups:" + std::string(verb.name)}), text);
  }
}

TEST(Help, NamesNoVerbThatOnlyOurOwnProcessesCall) {
  EXPECT_TRUE(find_verb("deliver")->internal);
  for (const auto& arguments : {std::vector<std::string>{}, {"--dokku", "--all"}, {"--completion"}})
    EXPECT_THAT(help(arguments), testing::Not(HasSubstr("deliver")));
}

TEST(Help, OfNoVerbIsBadInput) {
  EXPECT_THAT([] { help({"nope"}); }, ThrowsError(ErrorKind::kBadInput, HasSubstr("nope")));
  testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace backups
