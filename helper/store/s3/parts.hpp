#pragma once

#include <cstdint>
#include <string>

namespace backups {

// Amazon S3 user guide, "Multipart upload limits".
constexpr int kMaxParts = 10'000;
constexpr int kFewParts = 1'000;  ///< the limit of some providers
constexpr std::uint64_t kMinPartSize = 5ULL << 20;
constexpr std::uint64_t kMaxPartSize = 5ULL << 30;

/// How an upload is divided into parts. They are numbered from 1, and the last one may be shorter.
/// An upload of at most size(1) bytes is a single part.
class PartPlan {
 public:
  /// For a stream, whose bytes are held in memory until the server has them: at most 64 MiB for the
  /// first 150 GiB, then two parts. `equal` is the minimal size of all parts, or 0 if they may
  /// grow. `expected` is the approximate size, or 0: with it, parts are equal unless much more
  /// comes, and at most 1,000 if that fits in memory, because some providers require one or the
  /// other.
  static PartPlan for_stream(std::uint64_t equal, std::uint64_t expected, int in_flight);

  /// For a file of known size that can be read again: equal parts, at most 1,000.
  static PartPlan for_file(std::uint64_t equal, std::uint64_t size, int in_flight);

  /// For a stream whose parts double in size after the first `equal_until`.
  static PartPlan growing(std::uint64_t base, int equal_until, int in_flight) {
    return {base, equal_until, true, in_flight};
  }

  /// Makes all parts as large as the first.
  void keep_equal() { equal_until_ = 0; }

  std::uint64_t size(int number) const;
  /// How many parts may be in flight while this one is sent.
  int in_flight(int number) const;
  /// The size of the largest possible upload.
  std::uint64_t limit() const;

 private:
  PartPlan(std::uint64_t base, int equal_until, bool in_memory, int in_flight)
      : base_(base), equal_until_(equal_until), in_memory_(in_memory), in_flight_(in_flight) {}

  std::uint64_t base_;
  int equal_until_;  // number of the last equal part; 0 if all are
  bool in_memory_;
  int in_flight_;
};

/// Advice for when parts of the usual sizes are not enough for `size` bytes.
std::string part_size_advice(std::uint64_t size);

}  // namespace backups
