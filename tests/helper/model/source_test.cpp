#include "model/source.hpp"

#include <gmock/gmock.h>

#include "support/printers.hpp"

namespace backups {
namespace {

using testing::Field;
using testing::Optional;

const std::string kDigest = "0123456789abcdef0123456789abcdef";

class ValidName : public testing::TestWithParam<std::string> {};
TEST_P(ValidName, IsAccepted) {
  EXPECT_TRUE(valid_name(GetParam()));
  const auto source = make_source("postgres", GetParam(), "");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->name, GetParam());
  EXPECT_EQ(source->address, GetParam());
  EXPECT_EQ(source->text(), "postgres:" + GetParam());
}
INSTANTIATE_TEST_SUITE_P(Names, ValidName,
                         testing::Values("a", "my-db", "my_db", "My.DB2", "0", "_x", "a..b", "a-",
                                         "a.", std::string(100, 'x')));

class InvalidName : public testing::TestWithParam<std::string> {};
TEST_P(InvalidName, IsRefused) {
  EXPECT_FALSE(valid_name(GetParam()));
  if (GetParam().find('/') == std::string::npos)
    EXPECT_EQ(make_source("postgres", GetParam(), ""), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(Names, InvalidName,
                         testing::Values("", ".", "..", ".hidden", "-rf", "--all", "a/b", "/",
                                         "a b", "a:b", "a\n", "ü", "a%", "a*", "a$b", "a'b", "a\\b",
                                         std::string("a\0b", 3), std::string(101, 'x')));

class ValidType : public testing::TestWithParam<std::string> {};
TEST_P(ValidType, IsAccepted) { EXPECT_TRUE(valid_type(GetParam())); }
INSTANTIATE_TEST_SUITE_P(Types, ValidType,
                         testing::Values("postgres", "a", "k8s", "my-type", std::string(30, 'x')));

class InvalidType : public testing::TestWithParam<std::string> {};
TEST_P(InvalidType, IsRefused) {
  EXPECT_FALSE(valid_type(GetParam()));
  EXPECT_EQ(make_source(GetParam(), "db", ""), std::nullopt);
}
INSTANTIATE_TEST_SUITE_P(Types, InvalidType,
                         testing::Values("", "Postgres", "2x", "-x", ".", "..", "a/b", "a.b", "a_b",
                                         "a b", std::string(31, 'x')));

struct PathCase {
  std::string address;
  std::string name;
};
class PathSource : public testing::TestWithParam<PathCase> {};
TEST_P(PathSource, IsNamedAfterItsFileAndDigest) {
  const auto source = make_source("sqlite", GetParam().address, kDigest);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->name, GetParam().name);
  EXPECT_EQ(source->address, GetParam().address);
  EXPECT_EQ(source->spelling(), "sqlite:" + GetParam().address);
  EXPECT_TRUE(valid_name(source->name));
}
INSTANTIATE_TEST_SUITE_P(Paths, PathSource,
                         testing::Values(PathCase{"/srv/app.db", "app.db-0123456789abcdef"},
                                         PathCase{"web/app/storage/app.db",
                                                  "app.db-0123456789abcdef"},
                                         PathCase{"/srv/.hidden", "_hidden-0123456789abcdef"},
                                         PathCase{"/srv/-rf", "_rf-0123456789abcdef"},
                                         PathCase{"/srv/a b'c", "a_b_c-0123456789abcdef"},
                                         PathCase{"/srv/ü", "__-0123456789abcdef"},
                                         PathCase{"/srv/" + std::string(200, 'x'),
                                                  std::string(83, 'x') + "-0123456789abcdef"}));

TEST(PathSource, OfADirectoryIsRefused) {
  EXPECT_EQ(make_source("sqlite", "/srv/", kDigest), std::nullopt);
}

TEST(PathSource, OfTheSameFileNameDiffersByDigest) {
  EXPECT_NE(make_source("sqlite", "/a/app.db", "11111111")->name,
            make_source("sqlite", "/b/app.db", "22222222")->name);
}

TEST(Source, IsEqualWhenAllOfItIs) {
  EXPECT_EQ((Source{"a", "b", "c"}), (Source{"a", "b", "c"}));
  EXPECT_NE((Source{"a", "b", "c"}), (Source{"a", "b", "d"}));
  EXPECT_THAT(make_source("fake", "x", ""), Optional(Field(&Source::type, "fake")));
}

}  // namespace
}  // namespace backups
