#include "store/s3/parts.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kTiB = 1ULL << 40;
constexpr std::uint64_t kLargest = kMaxParts * kMaxPartSize;  // 48.8 TiB

struct Reach {
  int parts;
  std::uint64_t memory;  ///< the maximum: parts in transfer and one that is being filled
};

/// Divides `size` bytes into parts, and checks each of them.
Reach cut(const PartPlan& plan, std::uint64_t size) {
  Reach reach{0, 0};
  for (std::uint64_t done = 0; done < size;) {
    const std::uint64_t part = plan.size(++reach.parts);
    EXPECT_GE(part, kMinPartSize);
    EXPECT_LE(part, kMaxPartSize);
    EXPECT_GE(part, plan.size(std::max(1, reach.parts - 1))) << "it never shrinks";
    EXPECT_GE(plan.in_flight(reach.parts), 1);
    reach.memory =
        std::max(reach.memory, part * static_cast<std::uint64_t>(plan.in_flight(reach.parts) + 1));
    done += part;
    if (reach.parts > kMaxParts) break;
  }
  return reach;
}

TEST(PartPlan, Needs64MebibytesFor150Gibibytes) {
  for (const int in_flight : {1, 3, 4, 8, 64}) {
    const Reach reach = cut(PartPlan::for_stream(0, 0, in_flight), 150 * kGiB);
    EXPECT_LE(reach.parts, kMaxParts);
    EXPECT_LE(reach.memory, 64 * kMiB);
  }
}

TEST(PartPlan, GrowsForAStreamThatDoesNotEnd) {
  const auto plan = PartPlan::for_stream(0, 0, 4);
  EXPECT_EQ(plan.size(1), 8 * kMiB);
  EXPECT_EQ(plan.size(kMaxParts), kMaxPartSize);
  EXPECT_GE(plan.limit(), 7 * kTiB);
  EXPECT_LE(cut(plan, 7 * kTiB).parts, kMaxParts);
}

TEST(PartPlan, ReachesTheLimitWhenToldHowMuchComes) {
  for (const std::uint64_t size : {kTiB, 10 * kTiB, 30 * kTiB}) {
    EXPECT_LE(cut(PartPlan::for_stream(0, size, 4), size).parts, kMaxParts) << size;
    EXPECT_LE(cut(PartPlan::for_file(0, size, 4), size).parts, kMaxParts) << size;
  }
  for (const std::uint64_t size : {kLargest - 1, kLargest}) {
    EXPECT_LE(cut(PartPlan::for_stream(0, size, 4), size).parts, kMaxParts) << size;
    EXPECT_LE(cut(PartPlan::for_file(0, size, 4), size).parts, kMaxParts) << size;
  }
  EXPECT_EQ(PartPlan::for_file(0, kLargest, 4).limit(), kLargest);
  EXPECT_EQ(PartPlan::for_stream(0, kLargest, 4).limit(), kLargest);
}

TEST(PartPlan, KeepsPartsEqualWhereALengthIsExpected) {
  for (const std::uint64_t expected : {kGiB, 9 * kGiB, 40 * kGiB, 100 * kGiB, kTiB}) {
    const auto plan = PartPlan::for_stream(0, expected, 7);
    const Reach reach = cut(plan, expected + expected / 4);
    EXPECT_EQ(plan.size(reach.parts), plan.size(1)) << expected;
    EXPECT_LE(reach.memory, std::max(64 * kMiB, 2 * plan.size(1))) << expected;
  }
  EXPECT_EQ(PartPlan::for_stream(0, kGiB, 7).size(1), 8 * kMiB);
  // Few enough for a provider that allows 1,000, as far as memory allows that.
  EXPECT_LE(cut(PartPlan::for_stream(0, 15 * kGiB, 7), 15 * kGiB).parts, 1'000);
  EXPECT_LE(PartPlan::for_stream(0, 90 * kGiB, 7).size(1), 32 * kMiB);
}

TEST(PartPlan, GrowsWhenMuchMoreComesThanWasExpected) {
  EXPECT_LE(cut(PartPlan::for_stream(0, kGiB, 7), 100 * kGiB).parts, kMaxParts);
}

TEST(PartPlan, CutsAFileIntoAThousandEqualParts) {
  for (const std::uint64_t size : {kMiB, 100 * kMiB, kGiB, 100 * kGiB, kTiB}) {
    const auto plan = PartPlan::for_file(0, size, 4);
    EXPECT_EQ(plan.in_flight(2), 4);
    EXPECT_LE(cut(plan, size).parts, 1'000) << size;
    EXPECT_EQ(plan.size(1'000), plan.size(1));
  }
  EXPECT_EQ(PartPlan::for_file(0, kGiB, 4).size(1), 8 * kMiB);
  EXPECT_EQ(PartPlan::for_file(0, 100 * kGiB, 4).size(1), 103 * kMiB);
}

TEST(PartPlan, KeepsPartsEqualWhereAsked) {
  const auto stream = PartPlan::for_stream(16 * kMiB, 0, 4);
  EXPECT_EQ(stream.size(1), 16 * kMiB);
  EXPECT_EQ(stream.size(kMaxParts), 16 * kMiB);
  EXPECT_EQ(stream.limit(), kMaxParts * 16 * kMiB);
  EXPECT_EQ(PartPlan::for_file(16 * kMiB, kGiB, 4).size(1), 16 * kMiB);
  EXPECT_EQ(PartPlan::for_stream(16 * kMiB, 0, 8).in_flight(1), 3);
  EXPECT_EQ(PartPlan::for_stream(128 * kMiB, 0, 8).in_flight(1), 1);
}

TEST(PartPlan, MakesEqualPartsLargerWhereMoreIsKnownToCome) {
  for (const std::uint64_t size : {100 * kGiB, kTiB}) {
    EXPECT_LE(cut(PartPlan::for_stream(5 * kMiB, size, 4), size).parts, kMaxParts) << size;
    EXPECT_LE(cut(PartPlan::for_file(5 * kMiB, size, 4), size).parts, 1'000) << size;
  }
}

}  // namespace
}  // namespace backups
