#include "store/s3/parts.hpp"

#include <algorithm>
#include <string>

#include "base/command.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kMemory = 64 * kMiB;  // the parts in flight and the one being filled
constexpr std::uint64_t kFirst = 8 * kMiB;
constexpr std::uint64_t kMaxInTwo = 32 * kMiB;  // two parts of this size fit in kMemory

// A stream of unknown length: parts of 8 MiB up to 31 GiB, then of 32 MiB up to 150 GiB, each sent
// while the next is filled. From there on the size doubles every 140 parts.
constexpr int kEnd8 = 4'000, kEnd32 = 7'800, kDoubling = 140;
// With an expected length, all parts are equal unless the stream turns out to be much longer.
constexpr int kEndEqual = 9'000;

std::uint64_t doubled(std::uint64_t size, int parts) {
  for (int doublings = 1 + (parts - 1) / kDoubling; doublings > 0 && size < kMaxPartSize;
       --doublings)
    size *= 2;
  return std::min(size, kMaxPartSize);
}

/// The size in whole MiB of each of `parts` parts for `size` bytes.
std::uint64_t share(std::uint64_t size, int parts) {
  const std::uint64_t unit = kMiB * static_cast<std::uint64_t>(parts);
  return std::min((size / unit + (size % unit != 0 ? 1 : 0)) * kMiB, kMaxPartSize);
}

}  // namespace

PartPlan PartPlan::for_stream(std::uint64_t equal, std::uint64_t expected, int in_flight) {
  // The expected size is an estimate.
  const std::uint64_t most = expected + std::min(expected / 2, UINT64_MAX - expected);
  if (equal != 0) return {std::max(equal, share(most, kMaxParts)), 0, true, in_flight};
  if (expected == 0) return {kFirst, kEnd8, true, in_flight};
  const std::uint64_t handy = std::clamp(share(most, kFewParts), kFirst, kMaxInTwo);
  return {std::max(handy, share(most, kEndEqual)), kEndEqual, true, in_flight};
}

PartPlan PartPlan::for_file(std::uint64_t equal, std::uint64_t size, int in_flight) {
  return {std::max({equal, kFirst, share(size, kFewParts)}), 0, false, in_flight};
}

std::uint64_t PartPlan::size(int number) const {
  if (equal_until_ == 0 || number <= equal_until_) return base_;
  if (equal_until_ != kEnd8) return doubled(base_, number - equal_until_);
  return number <= kEnd32 ? 4 * base_ : doubled(4 * base_, number - kEnd32);
}

int PartPlan::in_flight(int number) const {
  if (!in_memory_) return in_flight_;
  const auto fit = static_cast<int>(std::min<std::uint64_t>(kMemory / size(number), 1'000)) - 1;
  return std::clamp(fit, 1, in_flight_);
}

std::uint64_t PartPlan::limit() const {
  std::uint64_t bytes = 0;
  for (int number = 1; number <= kMaxParts; ++number) bytes += size(number);
  return bytes;
}

std::string part_size_advice(std::uint64_t size) {
  const std::uint64_t parts = std::clamp<std::uint64_t>(share(size, kFewParts) / kMiB, 16, 512);
  return "give the target larger parts of equal size: " + command("target-set") +
         " <target> part-size " + std::to_string(parts) + " (MiB; parts are held in memory)";
}

}  // namespace backups
