// Incomplete or changed input is always reported as damaged, and never accepted.
#include <gmock/gmock.h>

#include "stream/stage.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

using tests::Collector;
using tests::ThrowsError;

std::string compressed(const Stage* stage, const std::string& text) {
  Collector out;
  const auto sink = stage->encode(3, out);
  sink->write(text);
  sink->finish();
  return out.text;
}

std::string decompressed(const Stage* stage, const std::string& bytes) {
  Collector out;
  const auto sink = stage->decode(out);
  sink->write(bytes);
  sink->finish();
  return out.text;
}

class DamagedStream : public testing::TestWithParam<const Stage*> {
 protected:
  const std::string text_ = tests::prose(500) + tests::noise(100);
  const std::string stored_ = compressed(GetParam(), text_);
};

TEST_P(DamagedStream, CutAnywhereIsDamage) {
  for (std::size_t size = 0; size < stored_.size(); ++size)
    EXPECT_THAT([&] { decompressed(GetParam(), stored_.substr(0, size)); },
                ThrowsError(ErrorKind::kDamaged))
        << size << " of " << stored_.size() << " bytes";
}

TEST_P(DamagedStream, CutAnywhereIsDamageInALargeStreamToo) {
  const std::string large = compressed(GetParam(), tests::noise(700'000));
  for (std::size_t size = 1; size < large.size(); size += 9973)
    EXPECT_THAT([&] { decompressed(GetParam(), large.substr(0, size)); },
                ThrowsError(ErrorKind::kDamaged))
        << size << " of " << large.size() << " bytes";
}

TEST_P(DamagedStream, AFlippedBitIsNeverTakenForGood) {
  std::size_t harmless = 0;
  for (std::size_t bit = 0; bit < 8 * stored_.size(); ++bit) {
    std::string flipped = stored_;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    try {
      EXPECT_TRUE(decompressed(GetParam(), flipped) == text_) << "bit " << bit;
      ++harmless;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamaged) << error.what();
    }
  }
  // gzip checks no flag, time and system of its header; zstd has an unused bit, and a window size.
  EXPECT_LE(harmless, GetParam() == tests::kGzip ? 8U * 7 : 12U);
}

TEST_P(DamagedStream, MoreBehindItIsDamage) {
  EXPECT_THAT([this] { decompressed(GetParam(), stored_ + "trailing text"); },
              ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT([this] { decompressed(GetParam(), stored_ + stored_.substr(0, 20)); },
              ThrowsError(ErrorKind::kDamaged));
}

TEST_P(DamagedStream, SomethingElseIsDamage) {
  for (const std::string& other :
       {std::string("PGDMP plain"), std::string(1, '\0'), tests::noise(5000), std::string("\n")})
    EXPECT_THAT([&] { decompressed(GetParam(), other); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_P(DamagedStream, NothingAtAllIsDamage) {
  EXPECT_THAT([] { decompressed(GetParam(), ""); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_P(DamagedStream, ThatOfTheOtherCodecIsDamage) {
  const Stage* other = GetParam() == tests::kGzip ? tests::kZstd : tests::kGzip;
  EXPECT_THAT([&] { decompressed(other, stored_); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_P(DamagedStream, ThatGrowsWithoutEndStopsWithItsReader) {
  // A bomb: the reader's refusal ends it, not the memory of the machine.
  const std::string bomb = compressed(GetParam(), std::string(50'000'000, '\0'));
  EXPECT_LT(bomb.size(), 500'000U);
  tests::FullSink full(1'000'000);
  EXPECT_THAT([&] { GetParam()->decode(full)->write(bomb); }, ThrowsError(ErrorKind::kNoSpace));
}

INSTANTIATE_TEST_SUITE_P(All, DamagedStream, testing::Values(tests::kGzip, tests::kZstd),
                         [](const auto& info) { return std::string(info.param->name); });

}  // namespace
}  // namespace backups
