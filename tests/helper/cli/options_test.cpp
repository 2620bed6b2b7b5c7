#include "cli/options.hpp"

#include <gmock/gmock.h>

#include "support/child.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using tests::ThrowsError;

using Words = std::vector<std::string>;

const std::vector<OptionSpec> kSpecs = {{"label", "TEXT", "kept with it"},
                                        {"limit", "N", "at most so many"},
                                        {"force", nullptr, "don't ask"},
                                        {"dry-run", nullptr, "only show"}};

Options parse(const Words& arguments, WordCount count = {0, 3}) {
  return Options("create", "dokku backups:create <source>", kSpecs, count, arguments);
}

TEST(Options, TellsWordsFromOptions) {
  const Options options = parse({"a", "--force", "-", "--label", "x", "c"});
  EXPECT_THAT(options.words(), ElementsAre("a", "-", "c"));
  EXPECT_TRUE(options.flag("force"));
  EXPECT_FALSE(options.flag("dry-run"));
  EXPECT_THAT(options.value("label"), Optional(std::string("x")));
  EXPECT_EQ(options.value("limit"), std::nullopt);
}

TEST(Options, OfNothingHasNothing) {
  const Options options = parse({});
  EXPECT_THAT(options.words(), IsEmpty());
  EXPECT_FALSE(options.flag("force"));
}

struct ValueCase {
  const char* what;
  Words arguments;
  std::string value;
};
class OptionValue : public testing::TestWithParam<ValueCase> {};

TEST_P(OptionValue, IsTakenAsItIs) {
  EXPECT_THAT(parse(GetParam().arguments).value("label"), Optional(GetParam().value))
      << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    All, OptionValue,
    testing::Values(ValueCase{"behind a blank", {"--label", "x"}, "x"},
                    ValueCase{"behind =", {"--label=x"}, "x"},
                    ValueCase{"commas", {"--label", "a,b,,c"}, "a,b,,c"},
                    ValueCase{"commas behind =", {"--label=a,b"}, "a,b"},
                    ValueCase{"=", {"--label=a=b"}, "a=b"},
                    ValueCase{"= alone", {"--label", "="}, "="},
                    ValueCase{"blanks", {"--label", "a b"}, "a b"},
                    ValueCase{"a dash", {"--label", "-x"}, "-x"},
                    ValueCase{"another option", {"--label", "--force"}, "--force"},
                    ValueCase{"quotes", {"--label", "it's \"so\""}, "it's \"so\""},
                    ValueCase{"UTF-8", {"--label=käse"}, "käse"},
                    ValueCase{"true", {"--label", "true"}, "true"},
                    ValueCase{"nothing", {"--label="}, ""},
                    ValueCase{"nothing, as a word", {"--label", ""}, ""},
                    ValueCase{"lines", {"--label", "a\nb"}, "a\nb"},
                    ValueCase{"lines behind =", {"--label=a\nb"}, "a\nb"}));

TEST(Options, SurvivesAValueAsLongAsTheSystemAllows) {
  const auto ending = tests::run_in_child([] {
    const std::string longest(131'000, 'x');
    return parse({"--label", longest}).value("label") == longest ? 0 : 1;
  });
  EXPECT_THAT(ending, testing::AnyOf(tests::exited(0), tests::exited(2)));
}

TEST(Options, KeepsCommasInWords) {
  EXPECT_THAT(parse({"sqlite:/srv/a,b.db", ",", "a=b"}).words(),
              ElementsAre("sqlite:/srv/a,b.db", ",", "a=b"));
}

struct BadCase {
  Words arguments;
  const char* named;
};
class BadOptions : public testing::TestWithParam<BadCase> {};

TEST_P(BadOptions, AreNamedWithTheUsage) {
  EXPECT_THAT(
      [] {
        parse(GetParam().arguments, {1, 2});
      },
      ThrowsError(ErrorKind::kBadInput, AllOf(HasSubstr(GetParam().named),
                                              HasSubstr("Usage: dokku backups:create <source>"),
                                              testing::Not(HasSubstr("\n")))));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadOptions,
    testing::Values(BadCase{{"a", "--nope"}, "'--nope'"}, BadCase{{"a", "--nope=x"}, "'--nope'"},
                    BadCase{{"a", "--"}, "'--'"}, BadCase{{"a", "-f"}, "'-f'"},
                    BadCase{{"a", "-x"}, "'-x'"}, BadCase{{"a", "--forc"}, "'--forc'"},
                    BadCase{{"a", "--FORCE"}, "'--FORCE'"}, BadCase{{"a", "-force"}, "'-force'"},
                    BadCase{{"a", "--=x"}, "'--'"}, BadCase{{"a", "--label"}, "--label"},
                    BadCase{{"a", "--force=yes"}, "--force"}, BadCase{{"a", "--force="}, "--force"},
                    BadCase{{"a", "--force", "--force"}, "--force"},
                    BadCase{{"a", "--label", "x", "--label", "x"}, "--label"},
                    BadCase{{"a", "--label=x", "--label", "y"}, "--label"},
                    BadCase{{"a", "b", "c"}, "'c'"}, BadCase{{}, "missing argument <source>"},
                    BadCase{{"a", ""}, "empty argument"},
                    BadCase{{"a", "--no\x1b[2J"}, "'--no?[2J'"}));

TEST(Options, ReadsNumbers) {
  EXPECT_THAT(parse({"--limit", "7"}).number("limit", 0), Optional(7));
  EXPECT_THAT(parse({"--limit=0"}).number("limit", 0), Optional(0));
  EXPECT_EQ(parse({}).number("limit", 0), std::nullopt);
  for (const char* bad : {"-1", "x", "", "1.5", "99999999999999999999"})
    EXPECT_THAT(
        [&] {
          parse({"--limit", bad}).number("limit", 0);
        },
        ThrowsError(ErrorKind::kBadInput, HasSubstr("--limit")))
        << bad;
}

TEST(Label, IsALineOfPrintableText) {
  EXPECT_EQ(label_of(parse({})), "");
  EXPECT_EQ(label_of(parse({"--label", "before the käse upgrade"})), "before the käse upgrade");
  for (const std::string& bad :
       {std::string("a\nb"), std::string("\x1b[2J"), std::string("\xff"), std::string(201, 'x')})
    EXPECT_THAT(
        [&] {
          label_of(parse({"--label", bad}));
        },
        ThrowsError(ErrorKind::kBadInput))
        << bad;
}

}  // namespace
}  // namespace backups
