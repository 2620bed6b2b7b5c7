#include "store/s3_parts.hpp"

#include <algorithm>

namespace backups {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kMemory = 64 * kMiB;  // parts on their way and the one being filled
constexpr std::uint64_t kFirst = 8 * kMiB;

// 8 MiB parts up to 7.8 GiB, 16 up to 70 GiB, 32 up to 151 GiB; each is sent while the next fills.
// From there on the size doubles every 150 parts.
constexpr int kEnd8 = 1'000, kEnd16 = 5'000, kEnd32 = 7'600, kDoubling = 150;

std::uint64_t grown(int number) {
  if (number <= kEnd8) return 8 * kMiB;
  if (number <= kEnd16) return 16 * kMiB;
  if (number <= kEnd32) return 32 * kMiB;
  const int doublings = 1 + (number - kEnd32 - 1) / kDoubling;
  return doublings > 7 ? kLargestPart : 32 * kMiB << doublings;
}

/// In whole MiB, so that `parts` of them hold `size`.
std::uint64_t share(std::uint64_t size, int parts) {
  const std::uint64_t unit = kMiB * static_cast<std::uint64_t>(parts);
  return std::min((size / unit + (size % unit != 0 ? 1 : 0)) * kMiB, kLargestPart);
}

}  // namespace

PartPlan PartPlan::for_stream(std::uint64_t equal, std::uint64_t expected, int in_flight) {
  if (equal != 0) return {equal, false, true, in_flight};
  return {std::max(kFirst, share(expected, kMostParts)), true, true, in_flight};
}

PartPlan PartPlan::for_file(std::uint64_t equal, std::uint64_t size, int in_flight) {
  if (equal != 0) return {equal, false, false, in_flight};
  const std::uint64_t handy = std::clamp(share(size, 1'000), kFirst, 8 * kFirst);
  return {std::max(handy, share(size, kMostParts)), false, false, in_flight};
}

std::uint64_t PartPlan::size(int number) const {
  return grows_ ? std::max(base_, grown(number)) : base_;
}

int PartPlan::in_flight(int number) const {
  if (!in_memory_) return in_flight_;
  const auto fit = static_cast<int>(std::min<std::uint64_t>(kMemory / size(number), 1'000)) - 1;
  return std::clamp(fit, 1, in_flight_);
}

std::uint64_t PartPlan::limit() const {
  std::uint64_t bytes = 0;
  for (int number = 1; number <= kMostParts; ++number) bytes += size(number);
  return bytes;
}

}  // namespace backups
