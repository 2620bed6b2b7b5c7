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

/// Computes a hash by its OpenSSL name, for example "SHA256" or "MD5". Throws Error, kFailed, if
/// OpenSSL does not support it.
class Hasher {
 public:
  explicit Hasher(const char* name);
  ~Hasher();

  void update(std::string_view bytes);
  /// Returns the hash in lower-case hexadecimal. No call may follow.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A filter that computes the SHA-256 (FIPS 180-4) and the length of what passes through.
class DigestSink : public Sink {
 public:
  explicit DigestSink(Sink& next) : next_(next) {}

  void write(std::string_view bytes) override;
  void finish() override;

  std::uint64_t size() const { return size_; }
  /// Valid after finish().
  const Digest& digest() const { return digest_; }

 private:
  Sink& next_;
  Hasher hasher_{"SHA256"};
  std::uint64_t size_ = 0;
  Digest digest_;
};

/// The SHA-256 of `text` in hexadecimal.
std::string sha256(std::string_view text);

}  // namespace backups
