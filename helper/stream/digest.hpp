#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "stream/sink.hpp"

namespace backups {

struct Digest {
  std::uint64_t size = 0;  ///< bytes
  std::string sha256;      ///< 64 lower-case hexadecimal digits

  bool operator==(const Digest&) const = default;
};

/// SHA-256 (FIPS 180-4) and length of what passes through.
class DigestSink : public Sink {
 public:
  explicit DigestSink(Sink& next);
  ~DigestSink() override;

  void write(std::string_view bytes) override;
  void finish() override;

  std::uint64_t size() const { return size_; }
  /// After finish().
  const Digest& digest() const { return digest_; }

 private:
  struct State;
  Sink& next_;
  std::unique_ptr<State> state_;
  std::uint64_t size_ = 0;
  Digest digest_;
};

/// The SHA-256 of `text` in hexadecimal.
std::string sha256(std::string_view text);

}  // namespace backups
