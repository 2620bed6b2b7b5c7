#include "model/backup_id.hpp"

#include <gmock/gmock.h>

#include <set>

#include "sys/file.hpp"

namespace backups {
namespace {

using testing::Le;
using testing::MatchesRegex;
using testing::SizeIs;

constexpr Time kTime = 1'775'658'600;
const Stages kZstd{find_stage("zstd")};

class IdRoundTrip : public testing::TestWithParam<std::string> {};

TEST_P(IdRoundTrip, KeepsNameAndTime) {
  const std::string id = make_id(GetParam(), kTime);
  EXPECT_EQ(id, GetParam() + "-2026-04-08-14-30-00");
  const auto parts = parse_id(id);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->name, GetParam());
  EXPECT_EQ(parts->time, kTime);
}

INSTANTIATE_TEST_SUITE_P(Names, IdRoundTrip,
                         testing::Values("my-db", "a", "x-1", "db-2020-01-01-00-00-00",
                                         "app.db-0123abcd", std::string(100, 'n')));

class NoId : public testing::TestWithParam<std::string> {};

TEST_P(NoId, IsRefused) { EXPECT_FALSE(parse_id(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Texts, NoId,
                         testing::Values("", "my-db", "2026-04-08-14-30-00", "-2026-04-08-14-30-00",
                                         "my-db_2026-04-08-14-30-00", "my-db-2026-04-08-14-30",
                                         "my-db-2026-02-30-14-30-00", "my-db-2026-04-08-14-30-00 ",
                                         "../x-2026-04-08-14-30-00", ".x-2026-04-08-14-30-00",
                                         "a/b-2026-04-08-14-30-00", "--2026-04-08-14-30-00",
                                         std::string(101, 'n') + "-2026-04-08-14-30-00"));

TEST(ArtifactFile, SaysHowToOpenIt) {
  EXPECT_EQ(artifact_file("x", {}), "x.dump");
  EXPECT_EQ(artifact_file("x", {find_stage("gzip")}), "x.dump.gz");
  EXPECT_EQ(artifact_file("x", kZstd), "x.dump.zst");
  EXPECT_EQ(artifact_file("x", "my db", 0, kZstd), "x.my%20db.dump.zst");
  EXPECT_EQ(manifest_file("x"), "x.json");
}

TEST(ArtifactFile, OfAHostileNameStaysOneComponent) {
  for (const std::string name : {"../../etc/passwd", "/", ".", "", "a\nb", "-rf", "\xff\xfe"})
    EXPECT_THAT(artifact_file("x", name, 0, kZstd),
                MatchesRegex("x\\.[A-Za-z0-9_%-]*\\.dump\\.zst"))
        << name;
}

TEST(ArtifactFile, OfTheLongestNamesFitsAFileSystem) {
  const std::string id = make_id(std::string(100, 'n'), kTime);
  for (const std::string& name : {std::string(1000, 'x'), std::string(1000, '/'),
                                  std::string(95, 'x') + std::string(50, '/')})
    EXPECT_THAT(temporary_name(artifact_file(id, name, 99'999, kZstd)), SizeIs(Le(255U)));
}

TEST(ArtifactFile, OfNamesThatBeginAlikeAreUnique) {
  std::set<std::string> files;
  for (std::size_t i = 0; i < 100; ++i)
    files.insert(artifact_file("x", std::string(200, 'x') + std::to_string(i), i, kZstd));
  for (std::size_t i = 100; i < 200; ++i)
    files.insert(artifact_file("x", std::string(200, '.') + std::to_string(i), i, kZstd));
  EXPECT_THAT(files, SizeIs(200));
}

TEST(ArtifactFile, ThatIsCutIsNeverThatOfAShortName) {
  // PostgreSQL allows both as names of databases of one server.
  const std::string cut = artifact_file("x", std::string(40, '.'), 1, kZstd);
  const std::string whole = artifact_file("x", std::string(31, '.') + "-1", 0, kZstd);
  EXPECT_NE(cut, whole) << "one would overwrite the other";
}

TEST(ArtifactFile, KeepsAsMuchOfACutNameAsItCan) {
  EXPECT_THAT(artifact_file("x", "." + std::string(200, 'y'), 7, kZstd),
              testing::HasSubstr("yyyyyyyyyyyyyyyyyyyy"));
}

}  // namespace
}  // namespace backups
