#include "model/codec.hpp"

#include <gmock/gmock.h>

#include "support/printers.hpp"

namespace backups {
namespace {

using Kind = Codec::Kind;

struct CodecCase {
  const char* text;
  std::optional<Codec> codec;
};
class ParseCodec : public testing::TestWithParam<CodecCase> {};

TEST_P(ParseCodec, TakesWhatItSaysAndNothingElse) {
  EXPECT_EQ(parse_codec(GetParam().text), GetParam().codec) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, ParseCodec,
    testing::Values(
        CodecCase{"none", Codec{Kind::kNone, 0}}, CodecCase{"gzip", Codec{Kind::kGzip, 6}},
        CodecCase{"gzip:1", Codec{Kind::kGzip, 1}}, CodecCase{"gzip:9", Codec{Kind::kGzip, 9}},
        CodecCase{"zstd", Codec{Kind::kZstd, 3}}, CodecCase{"zstd:1", Codec{Kind::kZstd, 1}},
        CodecCase{"zstd:19", Codec{Kind::kZstd, 19}}, CodecCase{"", std::nullopt},
        CodecCase{"gzip:0", std::nullopt}, CodecCase{"gzip:10", std::nullopt},
        CodecCase{"zstd:20", std::nullopt}, CodecCase{"zstd:-5", std::nullopt},
        CodecCase{"zstd:", std::nullopt}, CodecCase{"zstd:3x", std::nullopt},
        CodecCase{"none:1", std::nullopt}, CodecCase{"ZSTD", std::nullopt},
        CodecCase{"lz4", std::nullopt}, CodecCase{" zstd", std::nullopt},
        CodecCase{"zstd:3:3", std::nullopt}));

struct NamedKind {
  Kind kind;
  const char* name;
  const char* suffix;
  const char* reader;
};
class CodecNames : public testing::TestWithParam<NamedKind> {};

TEST_P(CodecNames, AreThoseOfTheStandardTools) {
  const NamedKind& row = GetParam();
  EXPECT_EQ(codec_name(row.kind), row.name);
  EXPECT_EQ(codec_kind(row.name), row.kind);
  EXPECT_EQ(codec_suffix(row.kind), row.suffix);
  EXPECT_EQ(codec_reader(row.kind, "f.dump"), std::string(row.reader) + " f.dump");
}

INSTANTIATE_TEST_SUITE_P(All, CodecNames,
                         testing::Values(NamedKind{Kind::kNone, "none", "", "cat"},
                                         NamedKind{Kind::kGzip, "gzip", ".gz", "gzip -dc"},
                                         NamedKind{Kind::kZstd, "zstd", ".zst", "zstd -dc"}));

TEST(CodecKind, OfAnUnknownStageIsNothing) {
  EXPECT_EQ(codec_kind("age"), std::nullopt);
  EXPECT_EQ(codec_kind(""), std::nullopt);
}

TEST(CodecReader, QuotesTheFile) {
  EXPECT_EQ(codec_reader(Kind::kZstd, "a b.zst"), "zstd -dc 'a b.zst'");
}

}  // namespace
}  // namespace backups
