#include "base/text.hpp"

#include <gmock/gmock.h>

#include "base/controls.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a:b::", ':'), ElementsAre("a", "b", "", ""));
  EXPECT_THAT(split("", ':'), ElementsAre(""));
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join({"a", "", "c"}, ", "), "a, , c");
  EXPECT_EQ(join({"a", "a"}, "-"), "a-a");
  EXPECT_EQ(join({}, ", "), "");
}

TEST(Trim, TakesBlanksOffBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Hex, IsTwoLowerCaseDigitsAByte) {
  const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
  EXPECT_EQ(hex(bytes, sizeof bytes), "000fa5ff");
  EXPECT_EQ(hex(bytes, 0), "");
}

TEST(PercentEncode, LeavesOneComponentOfADottedFileName) {
  EXPECT_EQ(percent_encode("my_db-1"), "my_db-1");
  EXPECT_EQ(percent_encode("a.b/c d%"), "a%2Eb%2Fc%20d%25");
  EXPECT_EQ(percent_encode(".."), "%2E%2E");
  EXPECT_EQ(percent_encode("ü\n"), "%C3%BC%0A");
  EXPECT_EQ(percent_encode(std::string("\0\xff", 2)), "%00%FF");
  EXPECT_EQ(percent_encode(""), "");
}

struct NumberCase {
  const char* text;
  std::optional<std::int64_t> value;
};
class ParseNumber : public testing::TestWithParam<NumberCase> {};

TEST_P(ParseNumber, TakesAWholeNumberAndNothingElse) {
  EXPECT_EQ(parse_number(GetParam().text), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ParseNumber,
    testing::Values(NumberCase{"0", 0}, NumberCase{"42", 42}, NumberCase{"-7", -7},
                    NumberCase{"007", 7}, NumberCase{"9223372036854775807", INT64_MAX},
                    NumberCase{"9223372036854775808", std::nullopt}, NumberCase{"", std::nullopt},
                    NumberCase{"1 ", std::nullopt}, NumberCase{" 1", std::nullopt},
                    NumberCase{"+1", std::nullopt}, NumberCase{"0x10", std::nullopt},
                    NumberCase{"1.5", std::nullopt}, NumberCase{"1e3", std::nullopt},
                    NumberCase{"-", std::nullopt}));

TEST(HumanSize, ChangesTheUnitAt1024) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1024), "1.0 KiB");
  EXPECT_EQ(human_size(4'300'000), "4.1 MiB");
  EXPECT_EQ(human_size(5ULL << 30), "5.0 GiB");
  EXPECT_EQ(human_size(UINT64_MAX), "16384.0 PiB");
}

TEST(HumanDuration, ChangesTheUnitAtTwoOfTheNext) {
  EXPECT_EQ(human_duration(0), "0 s");
  EXPECT_EQ(human_duration(119), "119 s");
  EXPECT_EQ(human_duration(120), "2 min");
  EXPECT_EQ(human_duration(2 * 3600 - 1), "119 min");
  EXPECT_EQ(human_duration(2 * 3600), "2 h");
  EXPECT_EQ(human_duration(48 * 3600 - 1), "47 h");
  EXPECT_EQ(human_duration(48 * 3600), "2 d");
}

struct PrintableCase {
  const char* what;
  std::string text;
  std::string clean;
};
class Printable : public testing::TestWithParam<PrintableCase> {};

TEST_P(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable(GetParam().text), GetParam().clean) << GetParam().what;
}

TEST(EscapeControls, LeavesTheJsonTheSameAndNothingForATerminal) {
  EXPECT_EQ(escape_controls("{\n  \"a\": \"ü\x7f\xc2\x9b\u202E\"\n}"),
            "{\n  \"a\": \"ü\\u007f\\u009b\\u202e\"\n}");
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Printable,
    testing::Values(
        PrintableCase{"ASCII", "my-db (1)", "my-db (1)"},
        PrintableCase{"UTF-8 of two to four bytes", "ä€𝄞", "ä€𝄞"},
        PrintableCase{"a tab", "a\tb", "a b"},
        PrintableCase{"an escape sequence", "\x1b[2Jx", "?[2Jx"},
        PrintableCase{"lines, DEL and NUL", std::string("a\nb\rc\x7f\0d", 8), "a?b?c??d"},
        PrintableCase{"a C1 control, which is CSI",
                      "\xc2\x9b"
                      "2J",
                      "?2J"},
        PrintableCase{"what turns the direction", "a\u202Egpj.exe\u2066\u200F", "a?gpj.exe??"},
        PrintableCase{"what can't be seen", "a\u200B\uFEFF\u2028\U000E0041b", "a????b"},
        PrintableCase{"the character after them", "\xc2\xa0", "\xc2\xa0"},
        PrintableCase{"a lonely continuation",
                      "a\x80"
                      "b",
                      "a?b"},
        PrintableCase{"a sequence cut short", "a\xe2\x82", "a??"},
        PrintableCase{"an overlong slash", "\xc0\xaf", "??"},
        PrintableCase{"an overlong of three bytes", "\xe0\x80\xaf", "???"},
        PrintableCase{"a surrogate", "\xed\xa0\x80", "???"},
        PrintableCase{"beyond U+10FFFF", "\xf4\x90\x80\x80", "????"},
        PrintableCase{"bytes that never occur", "\xff\xfe", "??"},
        PrintableCase{"nothing", "", ""}));

class ShellQuote : public testing::TestWithParam<std::string> {};

TEST_P(ShellQuote, IsReadBackByTheShellAsItWas) {
  const auto answer = tests::shell("printf %s " + shell_quote(GetParam()));
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.out, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Words, ShellQuote,
                         testing::Values("my-db.dump.zst", "", " ", "it's", "'", "''", "a b",
                                         "$HOME `id` $(id)", "\"", "back\\slash", "two\nlines", "~",
                                         "*", "a;b&c|d<e>f", "!history", "#comment", "ü/€", "{a,b}",
                                         "[ab]", "a=b", "\t"));

TEST(ShellQuoteWord, LeavesAPlainWordAlone) {
  EXPECT_EQ(shell_quote("postgres/my-db_1.dump"), "postgres/my-db_1.dump");
  EXPECT_EQ(shell_quote(""), "''");
}

struct SecretCase {
  const char* text;
  const char* secret;
};
class ScrubSecret : public testing::TestWithParam<SecretCase> {};

TEST_P(ScrubSecret, IsMasked) {
  ASSERT_THAT(GetParam().text, HasSubstr(GetParam().secret));
  EXPECT_THAT(scrub(GetParam().text), Not(HasSubstr(GetParam().secret)));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, ScrubSecret,
    testing::Values(SecretCase{"PGPASSWORD=hunter2 psql", "hunter2"},
                    SecretCase{"password=hunter2", "hunter2"},
                    SecretCase{"Password: hunter2", "hunter2"},
                    SecretCase{"{\"password\": \"hunter2\"}", "hunter2"},
                    SecretCase{"MYSQL_ROOT_PASSWORD='hunter2'", "hunter2"},
                    SecretCase{"ALTER ROLE bob PASSWORD 'md5hunter2';", "hunter2"},
                    SecretCase{"password='correct horse' host=x", "horse"},
                    SecretCase{"PASSWORD 'left,right'", "right"},
                    SecretCase{"postgres://bob:hunter2@db/x", "hunter2"},
                    SecretCase{"postgres://bob:hun:ter2@db/x", "ter2"},
                    SecretCase{"redis://:hunter2@db:6379", "hunter2"},
                    SecretCase{"a://b:one@c then d://e:hunter2@f", "hunter2"}));

TEST(Scrub, LeavesTheRestOfTheLine) {
  EXPECT_EQ(scrub("PGPASSWORD=x psql -h db"), "PGPASSWORD=******* psql -h db");
  EXPECT_EQ(scrub("to postgres://bob:x@db:5432/my failed"),
            "to postgres://bob:*******@db:5432/my failed");
}

TEST(Scrub, LeavesWhatIsNoSecret) {
  for (const std::string text :
       {"password authentication failed for user \"bob\"", "https://db:5432/x", "no password",
        "fe_sendauth: no password supplied", "12:30: a@b", ""})
    EXPECT_EQ(scrub(text), text);
}

}  // namespace
}  // namespace backups
