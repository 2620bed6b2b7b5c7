#include "cli/help.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "cli/manual.hpp"
#include "cli/verb.hpp"
#include "cli/verb_help.hpp"
#include "model/property.hpp"
#include "support/directory.hpp"
#include "support/errors.hpp"
#include "support/paths.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using tests::lines_of;
using tests::ThrowsError;

std::string help(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  print_help(arguments);
  return testing::internal::GetCapturedStdout();
}

/// The verbs for people, as opposed to those for triggers and cron.
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
    EXPECT_THAT(text, HasSubstr("    " + std::string(verb.name) + " "));
    EXPECT_THAT(text, HasSubstr(verb.summary));
  }
  EXPECT_THAT(text, AllOf(HasSubstr("    backups-helper create postgres:my-db\n"),
                          HasSubstr("\nRestore:\n")));
}

TEST(Help, OfHelpAndVersionIsTheirOwn) {
  for (const std::string name : {"help", "version"})
    EXPECT_THAT(help({name}), StartsWith("Usage: backups-helper " + name));
  EXPECT_EQ(help({"--help"}), help({"help"}));
}

TEST(Help, HasNoLineOfMoreThanAHundredColumns) {
  std::vector<std::string> texts = {help({}), markdown_manual()};
  for (const auto& verb : verbs()) texts.push_back(help({verb.name}));
  for (const auto& text : texts)
    for (const auto& line : lines_of(text)) EXPECT_LE(line.size(), 100U) << line;
}

TEST(Help, GroupsEveryVerbOnce) {
  std::vector<std::string> grouped;
  for (const auto& group : verb_groups())
    for (const auto& entry : group.verbs) grouped.emplace_back(entry.verb);
  std::vector<std::string> expected = {"tick", "version", "help"};
  for (const auto& verb : public_verbs()) expected.emplace_back(verb.name);
  EXPECT_THAT(grouped, testing::UnorderedElementsAreArray(expected));
}

TEST(Help, NamesRelatedVerbsThatThereAre) {
  for (const auto& group : verb_groups())
    for (const auto& entry : group.verbs)
      for (const std::string name : entry.related)
        EXPECT_TRUE(find_verb(name) != nullptr || name == "help" || name == "version") << name;
}

/// Each example is parsed as its verb would: an option that there is none of is a mistake.
TEST(Help, HasExamplesThatAreUnderstood) {
  for (const auto& group : verb_groups())
    for (const auto& entry : group.verbs)
      for (const std::string example : entry.examples)
        for (const auto& word : split(example, ' ')) {
          if (!word.starts_with("--")) continue;
          const auto& options = find_verb(entry.verb)->options;
          EXPECT_TRUE(
              word == "--format" || word == "--quiet" ||
              std::any_of(options.begin(), options.end(),
                          [&](const auto& option) { return word.substr(2) == option.name; }))
              << example;
        }
}

TEST(Help, OfAVerbHasExamplesExitCodesAndRelatedVerbs) {
  EXPECT_THAT(help({"restore"}),
              AllOf(HasSubstr("\nExamples:\n    backups-helper restore my-db@latest --dry-run\n"),
                    HasSubstr("\nExit codes:\n    0   done\n"),
                    HasSubstr("\n    11  refused, or not confirmed: nothing was changed\n"),
                    HasSubstr("\nSee also: list, verify, download\n")));
  EXPECT_THAT(help({"version"}), Not(HasSubstr("failed")));
}

TEST(Help, OfSetListsTheProperties) {
  const std::string text = help({"set"});
  for (const auto& property : properties()) EXPECT_THAT(text, HasSubstr(property.name));
}

TEST(Help, OfAnInternalVerbIsThatOfTheProgram) {
  ::setenv("PLUGIN_PATH", "/p", 1);
  EXPECT_THAT(help({"tick"}), StartsWith("Usage: backups-helper tick [--lane TARGET]"));
  EXPECT_THAT(help({"list"}), StartsWith("Usage: dokku backups:list"));
  ::unsetenv("PLUGIN_PATH");
}

constexpr const char* kHowToUpdate = "written anew by: backups-helper help ";

TEST(Help, IsInTheDocumentation) {
  EXPECT_TRUE(tests::slurp(tests::source("docs/cli.md")) == markdown_manual())
      << kHowToUpdate << "--markdown >docs/cli.md";
  EXPECT_TRUE(tests::slurp(tests::source("docs/backups-helper.1")) == man_page())
      << kHowToUpdate << "--man >docs/backups-helper.1";
}

TEST(Help, OfAVerbHasItsUsageAndOptions) {
  for (const auto& verb : verbs()) {
    const std::string text = help({verb.name});
    EXPECT_THAT(text, StartsWith("Usage: backups-helper " + std::string(verb.name)));
    EXPECT_THAT(text, HasSubstr(verb.summary));
    for (const auto& option : verb.options) {
      EXPECT_THAT(text, HasSubstr("--" + std::string(option.name)));
      // It may be broken at a space.
      const std::string words = option.help;
      EXPECT_THAT(text, HasSubstr(words.substr(0, words.find(' '))));
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
  EXPECT_THAT([] { help({"nope"}); },
              ThrowsError(ErrorKind::kBadInput, "unknown command 'nope': see backups-helper help"));
  testing::internal::GetCapturedStdout();
  EXPECT_THAT([] { help({"shedule"}); },
              ThrowsError(ErrorKind::kBadInput,
                          "unknown command 'shedule': did you mean schedule? "
                          "See backups-helper help"));
  testing::internal::GetCapturedStdout();
}

}  // namespace
}  // namespace backups
