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

/// The way of an artifact's bytes to a file: digest of the plain ones, each stage, digest of what
/// is stored. Takes the plain ones.
class Encoder : public Sink {
 public:
  Encoder(const Encoding& encoding, Sink& stored);

  void write(std::string_view bytes) override { first_->write(bytes); }
  void finish() override { first_->finish(); }

  /// After finish().
  const Digest& raw() const { return raw_ ? raw_->digest() : stored_.digest(); }
  const Digest& stored() const { return stored_.digest(); }

 private:
  DigestSink stored_;
  std::vector<std::unique_ptr<Sink>> stages_;  // the last first
  std::optional<DigestSink> raw_;              // without stages the stored bytes are the plain ones
  Sink* first_;
};

/// The way back. Takes the stored bytes, and passes the plain ones on before it knows that they are
/// right: they must not be used until finish() returns. Throws Error, kDamaged, at the first byte
/// that is one too many (what is packed small may be without end), for what a stage cannot undo,
/// and in finish() for digests that are not those expected.
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
  std::vector<std::unique_ptr<Sink>> stages_;  // the first that was done first
  std::optional<DigestSink> stored_;
  std::optional<LimitSink> stored_limit_;
};

}  // namespace backups
