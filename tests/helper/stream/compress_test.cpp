// One contract for every codec, over every odd size.
#include "stream/compress.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"

namespace backups {
namespace {

using tests::Collector;
using tests::ThrowsError;
using tests::write_in_pieces;
using Kind = Codec::Kind;

/// What zlib and zstd are given room for at a time, and a block of zstd.
constexpr std::size_t kChunk = 256 * 1024;
constexpr std::size_t kBlock = 128 * 1024;

std::string compress(const Codec& codec, std::string_view text, std::size_t piece) {
  Collector out;
  const auto sink = make_compressor(codec, out);
  write_in_pieces(sink ? *sink : out, text, piece);
  (sink ? *sink : out).finish();
  EXPECT_EQ(out.finished, 1);
  return out.text;
}

std::string decompress(Kind kind, std::string_view bytes, std::size_t piece) {
  Collector out;
  const auto sink = make_decompressor(kind, out);
  write_in_pieces(sink ? *sink : out, bytes, piece);
  (sink ? *sink : out).finish();
  EXPECT_EQ(out.finished, 1);
  return out.text;
}

const Codec kCodecs[] = {{Kind::kNone, 0}, {Kind::kGzip, 6}, {Kind::kZstd, 3}};
const std::size_t kSizes[] = {0,          1,      97,         kBlock - 1, kBlock,   kBlock + 1,
                              kChunk - 1, kChunk, kChunk + 1, 4 * kChunk, 1'000'003};

const std::size_t kPieces[] = {1, 97, kBlock - 1, kBlock, kBlock + 1, kChunk + 1, kChunk* kChunk};

class CodecSizes : public testing::TestWithParam<std::tuple<Codec, std::size_t>> {};

TEST_P(CodecSizes, RoundTripInPiecesOfEverySize) {
  const auto& [codec, size] = GetParam();
  for (const std::string& text : {tests::prose(size), tests::noise(size)}) {
    for (const std::size_t piece : kPieces) {
      if (piece == 1 && size > kBlock + 1) continue;  // a million calls tell no more
      const std::string stored = compress(codec, text, piece);
      // Not EXPECT_EQ, which would print a megabyte.
      EXPECT_TRUE(decompress(codec.kind, stored, piece) == text) << "by " << piece;
      EXPECT_TRUE(decompress(codec.kind, stored, stored.size() + 1) == text) << "by " << piece;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, CodecSizes,
                         testing::Combine(testing::ValuesIn(kCodecs), testing::ValuesIn(kSizes)),
                         [](const auto& info) {
                           return codec_name(std::get<0>(info.param).kind) + "_" +
                                  std::to_string(std::get<1>(info.param));
                         });

class EveryLevel : public testing::TestWithParam<Codec> {};

TEST_P(EveryLevel, RoundTripsAndCompresses) {
  const std::string text = tests::prose(300'000);
  const std::string stored = compress(GetParam(), text, 65536);
  EXPECT_LT(stored.size(), text.size() / 4);
  EXPECT_TRUE(decompress(GetParam().kind, stored, 4096) == text);
}

std::vector<Codec> every_level() {
  std::vector<Codec> codecs;
  for (int level = 1; level <= 9; ++level) codecs.push_back({Kind::kGzip, level});
  for (int level = 1; level <= 19; ++level) codecs.push_back({Kind::kZstd, level});
  return codecs;
}
INSTANTIATE_TEST_SUITE_P(All, EveryLevel, testing::ValuesIn(every_level()), [](const auto& info) {
  return codec_name(info.param.kind) + "_" + std::to_string(info.param.level);
});

TEST(Compress, ManyJobsOfSeveralThreadsComeOutInOrder) {
  const std::string text = tests::prose(9'000'000) + tests::noise(5'000'000);
  EXPECT_TRUE(decompress(Kind::kZstd, compress({Kind::kZstd, 3}, text, 100'000), 100'000) == text);
}

TEST(Compress, WithoutACodecThereIsNoFilter) {
  Collector out;
  EXPECT_EQ(make_compressor({Kind::kNone, 0}, out), nullptr);
  EXPECT_EQ(make_decompressor(Kind::kNone, out), nullptr);
}

class EveryCodec : public testing::TestWithParam<Codec> {};

TEST_P(EveryCodec, DestroyedWithoutFinishDoesNotFinishTheNext) {
  Collector out;
  make_compressor(GetParam(), out)->write(tests::noise(3'000'000));
  EXPECT_EQ(out.finished, 0);
  Collector plain;
  make_decompressor(GetParam().kind, plain)->write(compress(GetParam(), "whole", 100));
  EXPECT_EQ(plain.finished, 0);
}

TEST_P(EveryCodec, PassesOnWhatTheNextThrows) {
  EXPECT_THAT(
      [] {
        tests::FullSink full(1000);
        const auto sink = make_compressor(GetParam(), full);
        for (int i = 0; i < 100; ++i) sink->write(tests::noise(100'000));
        sink->finish();
      },
      ThrowsError(ErrorKind::kNoSpace));
  EXPECT_THAT(
      [] {
        tests::FullSink full(1000);
        make_decompressor(GetParam().kind, full)
            ->write(compress(GetParam(), std::string(5000, 'x'), 100));
      },
      ThrowsError(ErrorKind::kNoSpace));
}

TEST_P(EveryCodec, TakesEmptyWrites) {
  Collector out;
  const auto sink = make_compressor(GetParam(), out);
  for (const char* piece : {"", "a", "", "", "b", ""}) sink->write(piece);
  sink->finish();
  Collector plain;
  const auto reader = make_decompressor(GetParam().kind, plain);
  reader->write("");
  for (const char c : out.text) {
    reader->write({&c, 1});
    reader->write("");
  }
  reader->finish();
  EXPECT_EQ(plain.text, "ab");
}

INSTANTIATE_TEST_SUITE_P(All, EveryCodec,
                         testing::Values(Codec{Kind::kGzip, 6}, Codec{Kind::kZstd, 3}),
                         [](const auto& info) { return codec_name(info.param.kind); });

}  // namespace
}  // namespace backups
