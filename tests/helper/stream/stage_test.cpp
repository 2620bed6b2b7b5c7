// The contract of Stage, for every stage and for sizes around all limits of buffers.
#include "stream/stage.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

using tests::Collector;
using tests::ThrowsError;
using tests::write_in_pieces;

/// The sizes of the buffers for zlib and zstd, and of a block of zstd.
constexpr std::size_t kChunk = 256 * 1024;
constexpr std::size_t kBlock = 128 * 1024;

std::string compress(const Step& step, std::string_view text, std::size_t piece) {
  Collector out;
  const auto sink = step.stage->encode(step.level, out);
  write_in_pieces(*sink, text, piece);
  sink->finish();
  EXPECT_EQ(out.finished, 1);
  return out.text;
}

std::string decompress(const Stage* stage, std::string_view bytes, std::size_t piece) {
  Collector out;
  const auto sink = stage->decode(out);
  write_in_pieces(*sink, bytes, piece);
  sink->finish();
  EXPECT_EQ(out.finished, 1);
  return out.text;
}

const Step kSteps[] = {tests::step("gzip"), tests::step("zstd")};
const std::size_t kSizes[] = {0,          1,      97,         kBlock - 1, kBlock,   kBlock + 1,
                              kChunk - 1, kChunk, kChunk + 1, 4 * kChunk, 1'000'003};

const std::size_t kPieces[] = {1, 97, kBlock - 1, kBlock, kBlock + 1, kChunk + 1, kChunk* kChunk};

class StageSizes : public testing::TestWithParam<std::tuple<Step, std::size_t>> {};

TEST_P(StageSizes, RoundTripInPiecesOfEverySize) {
  const auto& [step, size] = GetParam();
  for (const std::string& text : {tests::prose(size), tests::noise(size)}) {
    for (const std::size_t piece : kPieces) {
      if (piece == 1 && size > kBlock + 1) continue;  // a million calls tell no more
      const std::string stored = compress(step, text, piece);
      // Not EXPECT_EQ, which would print a megabyte.
      EXPECT_TRUE(decompress(step.stage, stored, piece) == text) << "by " << piece;
      EXPECT_TRUE(decompress(step.stage, stored, stored.size() + 1) == text) << "by " << piece;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, StageSizes,
                         testing::Combine(testing::ValuesIn(kSteps), testing::ValuesIn(kSizes)),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).stage->name) + "_" +
                                  std::to_string(std::get<1>(info.param));
                         });

class EveryLevel : public testing::TestWithParam<Step> {};

TEST_P(EveryLevel, RoundTripsAndCompresses) {
  const std::string text = tests::prose(300'000);
  const std::string stored = compress(GetParam(), text, 65536);
  EXPECT_LT(stored.size(), text.size() / 4);
  EXPECT_TRUE(decompress(GetParam().stage, stored, 4096) == text);
}

std::vector<Step> every_level() {
  std::vector<Step> steps;
  for (int level = 1; level <= 9; ++level) steps.push_back({tests::kGzip, level});
  for (int level = 1; level <= 19; ++level) steps.push_back({tests::kZstd, level});
  return steps;
}
INSTANTIATE_TEST_SUITE_P(All, EveryLevel, testing::ValuesIn(every_level()), [](const auto& info) {
  return std::string(info.param.stage->name) + "_" + std::to_string(info.param.level);
});

TEST(Zstd, ManyJobsOfSeveralThreadsComeOutInOrder) {
  const std::string text = tests::prose(9'000'000) + tests::noise(5'000'000);
  EXPECT_TRUE(decompress(tests::kZstd, compress({tests::kZstd, 3}, text, 100'000), 100'000) ==
              text);
}

class EveryStage : public testing::TestWithParam<Step> {};

TEST_P(EveryStage, DestroyedWithoutFinishDoesNotFinishTheNext) {
  Collector out;
  GetParam().stage->encode(GetParam().level, out)->write(tests::noise(3'000'000));
  EXPECT_EQ(out.finished, 0);
  Collector plain;
  GetParam().stage->decode(plain)->write(compress(GetParam(), "whole", 100));
  EXPECT_EQ(plain.finished, 0);
}

TEST_P(EveryStage, PassesOnWhatTheNextThrows) {
  EXPECT_THAT(
      [] {
        tests::FullSink full(1000);
        const auto sink = GetParam().stage->encode(GetParam().level, full);
        for (int i = 0; i < 100; ++i) sink->write(tests::noise(100'000));
        sink->finish();
      },
      ThrowsError(ErrorKind::kNoSpace));
  EXPECT_THAT(
      [] {
        tests::FullSink full(1000);
        GetParam().stage->decode(full)->write(compress(GetParam(), std::string(5000, 'x'), 100));
      },
      ThrowsError(ErrorKind::kNoSpace));
}

TEST_P(EveryStage, TakesEmptyWrites) {
  Collector out;
  const auto sink = GetParam().stage->encode(GetParam().level, out);
  for (const char* piece : {"", "a", "", "", "b", ""}) sink->write(piece);
  sink->finish();
  Collector plain;
  const auto reader = GetParam().stage->decode(plain);
  reader->write("");
  for (const char c : out.text) {
    reader->write({&c, 1});
    reader->write("");
  }
  reader->finish();
  EXPECT_EQ(plain.text, "ab");
}

INSTANTIATE_TEST_SUITE_P(All, EveryStage,
                         testing::Values(tests::step("gzip:6"), tests::step("zstd:3")),
                         [](const auto& info) { return std::string(info.param.stage->name); });

}  // namespace
}  // namespace backups
