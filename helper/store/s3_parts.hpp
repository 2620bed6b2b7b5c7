#pragma once

#include <cstdint>

namespace backups {

// Amazon S3 user guide, "Multipart upload limits".
constexpr int kMostParts = 10'000;
constexpr std::uint64_t kSmallestPart = 5ULL << 20;
constexpr std::uint64_t kLargestPart = 5ULL << 30;

/// How an upload is cut into parts: numbered from 1, the last one may be shorter. An upload of at
/// most size(1) bytes is one part.
class PartPlan {
 public:
  /// For bytes that are held in memory until the server has them: at most 64 MiB for the first
  /// 150 GiB, then two parts. `equal`: the size of all parts, or 0. `expected`: bytes that may
  /// come, or 0; with it parts are large enough from the start.
  static PartPlan for_stream(std::uint64_t equal, std::uint64_t expected, int in_flight);

  /// For a file of known size that can be read again.
  static PartPlan for_file(std::uint64_t equal, std::uint64_t size, int in_flight);

  std::uint64_t size(int number) const;
  /// How many may be on their way while this one is sent.
  int in_flight(int number) const;
  /// Of all parts together: what an upload can hold.
  std::uint64_t limit() const;

 private:
  PartPlan(std::uint64_t base, bool grows, bool in_memory, int in_flight)
      : base_(base), grows_(grows), in_memory_(in_memory), in_flight_(in_flight) {}

  std::uint64_t base_;
  bool grows_;
  bool in_memory_;
  int in_flight_;
};

}  // namespace backups
