#include <gmock/gmock.h>

#include "stream/stage.hpp"
#include "support/printers.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

using tests::kGzip;
using tests::kZstd;

struct EncodingCase {
  const char* text;
  std::optional<Encoding> encoding;
};
class ParseEncoding : public testing::TestWithParam<EncodingCase> {};

TEST_P(ParseEncoding, TakesWhatItSaysAndNothingElse) {
  EXPECT_EQ(parse_encoding(GetParam().text), GetParam().encoding) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ParseEncoding,
    testing::Values(EncodingCase{"none", Encoding{}}, EncodingCase{"gzip", Encoding{{kGzip, 6}}},
                    EncodingCase{"gzip:1", Encoding{{kGzip, 1}}},
                    EncodingCase{"gzip:9", Encoding{{kGzip, 9}}},
                    EncodingCase{"zstd", Encoding{{kZstd, 3}}},
                    EncodingCase{"zstd:1", Encoding{{kZstd, 1}}},
                    EncodingCase{"zstd:19", Encoding{{kZstd, 19}}}, EncodingCase{"", std::nullopt},
                    EncodingCase{"gzip:0", std::nullopt}, EncodingCase{"gzip:10", std::nullopt},
                    EncodingCase{"zstd:20", std::nullopt}, EncodingCase{"zstd:-5", std::nullopt},
                    EncodingCase{"zstd:", std::nullopt}, EncodingCase{"zstd:3x", std::nullopt},
                    EncodingCase{"none:1", std::nullopt}, EncodingCase{"ZSTD", std::nullopt},
                    EncodingCase{"lz4", std::nullopt}, EncodingCase{" zstd", std::nullopt},
                    EncodingCase{"zstd:3:3", std::nullopt}));

TEST(FindStage, OfAnUnknownNameIsNull) {
  EXPECT_EQ(find_stage("age"), nullptr);
  EXPECT_EQ(find_stage("none"), nullptr);
  EXPECT_EQ(find_stage(""), nullptr);
}

TEST(Stages, NameTheFileInTheirOrder) {
  EXPECT_EQ(suffix_of({}), "");
  EXPECT_EQ(suffix_of({kGzip}), ".gz");
  EXPECT_EQ(suffix_of({kGzip, kZstd}), ".gz.zst");
}

TEST(Stages, AreUndoneFromTheLast) {
  EXPECT_EQ(reading_command({}, ""), "");
  EXPECT_EQ(reading_command({}, "f.dump"), "cat f.dump");
  EXPECT_EQ(reading_command({kGzip}, "f.dump.gz"), "gzip -dc f.dump.gz");
  EXPECT_EQ(reading_command({kZstd}, ""), "zstd -dc");
  EXPECT_EQ(reading_command({kZstd}, "a b.zst"), "zstd -dc 'a b.zst'");
  EXPECT_EQ(reading_command({kGzip, kZstd}, "f"), "zstd -dc f | gzip -dc");
}

}  // namespace
}  // namespace backups
