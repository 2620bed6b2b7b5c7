#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "stream/digest.hpp"
#include "stream/limit.hpp"
#include "stream/sink.hpp"
#include "stream/stage.hpp"

namespace backups {

/// Encodes an artifact: digest of the plain bytes, then each stage, then digest of the stored
/// bytes. Accepts the plain bytes. `stored` must outlive it.
class Encoder : public Sink {
 public:
  Encoder(const Encoding& encoding, Sink& stored);

  void write(std::string_view bytes) override { first_->write(bytes); }
  void finish() override { first_->finish(); }

  /// Valid after finish(), as stored().
  const Digest& raw() const { return raw_ ? raw_->digest() : stored_.digest(); }
  const Digest& stored() const { return stored_.digest(); }

 private:
  DigestSink stored_;
  std::vector<std::unique_ptr<Sink>> stages_;  // in reverse order: the one next to `stored` first
  std::optional<DigestSink> raw_;  // empty without stages, when both digests are the same
  Sink* first_;
};

/// Decodes an artifact: accepts the stored bytes and passes the plain ones to `plain`, which must
/// outlive it. They are passed on before they are verified, and must not be used until finish() has
/// returned. Throws Error, kDamaged, at the first byte beyond either expected size (a small file
/// can decompress without end), for input that a stage cannot decode, and in finish() if a digest
/// is not the expected one.
class Decoder : public Sink {
 public:
  Decoder(const Stages& stages, Digest stored, Digest raw, Sink& plain);

  void write(std::string_view bytes) override { stored_limit_->write(bytes); }
  void finish() override;

 private:
  const Digest expected_stored_;
  const Digest expected_raw_;
  std::optional<DigestSink> raw_;
  std::optional<LimitSink> raw_limit_;
  std::vector<std::unique_ptr<Sink>> stages_;  // in the order in which they were applied
  std::optional<DigestSink> stored_;
  std::optional<LimitSink> stored_limit_;
};

}  // namespace backups
