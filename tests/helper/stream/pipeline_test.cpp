#include "stream/pipeline.hpp"

#include <gmock/gmock.h>

#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "support/stages.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::Collector;
using tests::ThrowsError;

/// A new stage consists of a row in the table and two Sinks. This one doubles each byte.
class Doubler : public Sink {
 public:
  explicit Doubler(Sink& next) : next_(next) {}
  void write(std::string_view bytes) override {
    for (const char c : bytes) next_.write(std::string(2, c));
  }
  void finish() override { next_.finish(); }

 private:
  Sink& next_;
};

class Halver : public Sink {
 public:
  explicit Halver(Sink& next) : next_(next) {}
  void write(std::string_view bytes) override {
    for (const char c : bytes) {
      if (waiting_ && c != *waiting_) throw Error(ErrorKind::kDamaged, "no pair");
      if (waiting_) next_.write({&c, 1});
      waiting_ = waiting_ ? std::nullopt : std::optional<char>(c);
    }
  }
  void finish() override {
    if (waiting_) throw Error(ErrorKind::kDamaged, "half a pair");
    next_.finish();
  }

 private:
  Sink& next_;
  std::optional<char> waiting_;
};

const Stage kToy{
    "toy",
    ".toy",
    "toy -d",
    1,
    1,
    [](int, Sink& next) -> std::unique_ptr<Sink> { return std::make_unique<Doubler>(next); },
    [](Sink& next) -> std::unique_ptr<Sink> { return std::make_unique<Halver>(next); }};

struct Stored {
  std::string bytes;
  Digest stored;
  Digest raw;
};

Stored encode(const Encoding& encoding, const std::string& text, std::size_t piece) {
  Collector out;
  Encoder encoder(encoding, out);
  tests::write_in_pieces(encoder, text, piece);
  encoder.finish();
  EXPECT_EQ(out.finished, 1);
  return {out.text, encoder.stored(), encoder.raw()};
}

std::string decode(const Encoding& encoding, const Stored& stored, std::size_t piece) {
  Collector out;
  Decoder decoder(stages_of(encoding), stored.stored, stored.raw, out);
  tests::write_in_pieces(decoder, stored.bytes, piece);
  decoder.finish();
  EXPECT_EQ(out.finished, 1);
  return out.text;
}

/// Artifacts may pass no stage, one, or several.
std::vector<Encoding> encodings() {
  const Step gzip = tests::step("gzip:1");
  const Step zstd = tests::step("zstd:1");
  const Step toy{&kToy, 1};
  return {{}, {gzip}, {zstd}, {toy}, {toy, zstd}, {zstd, toy}, {toy, gzip, zstd}};
}

class Pipeline : public testing::TestWithParam<std::size_t> {
 protected:
  const Encoding encoding_ = encodings().at(GetParam());
};

TEST_P(Pipeline, GivesBackWhatWentIn) {
  for (const std::size_t size : {0UL, 1UL, 97UL, 131'071UL, 131'073UL, 300'000UL}) {
    const std::string text = tests::prose(size);
    for (const std::size_t piece : {1UL, 97UL, 262'145UL}) {
      if (piece == 1 && size > 1000) continue;
      const Stored stored = encode(encoding_, text, piece);
      EXPECT_EQ(stored.raw, (Digest{size, sha256(text)}));
      EXPECT_EQ(stored.stored, (Digest{stored.bytes.size(), sha256(stored.bytes)}));
      EXPECT_TRUE(decode(encoding_, stored, piece) == text) << size << " by " << piece;
    }
  }
}

TEST_P(Pipeline, ADigestThatIsNotTheExpectedOneIsDamage) {
  const Stored stored = encode(encoding_, tests::prose(5'000), 97);
  Stored other = stored;
  other.stored.sha256 = sha256("another");
  EXPECT_THAT([&] { decode(encoding_, other, 97); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("its SHA-256")));
  other = stored;
  other.raw.sha256 = sha256("another");
  EXPECT_THAT([&] { decode(encoding_, other, 97); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("SHA-256 of the plain dump")));
}

TEST_P(Pipeline, AByteThatIsChangedIsDamage) {
  const Stored stored = encode(encoding_, tests::prose(2'000), 97);
  for (std::size_t at = 0; at < stored.bytes.size(); at += 1 + stored.bytes.size() / 40) {
    Stored changed = stored;
    changed.bytes[at] = static_cast<char>(changed.bytes[at] ^ 1);
    EXPECT_THAT([&] { decode(encoding_, changed, 97); }, ThrowsError(ErrorKind::kDamaged)) << at;
  }
}

TEST_P(Pipeline, NothingBeyondWhatIsExpectedGoesFurther) {
  Stored stored = encode(encoding_, std::string(1'000'000, 'x'), 65'536);
  stored.raw.size = 1'000;
  Collector out;
  Decoder decoder(stages_of(encoding_), stored.stored, stored.raw, out);
  EXPECT_THAT([&] { tests::write_in_pieces(decoder, stored.bytes, 500); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("larger than 1000 B")));
  EXPECT_LE(out.text.size(), 1'000U);
}

INSTANTIATE_TEST_SUITE_P(Encodings, Pipeline, testing::Range(std::size_t{0}, encodings().size()));

}  // namespace
}  // namespace backups
