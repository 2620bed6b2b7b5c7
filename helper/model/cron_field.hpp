#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backups {

enum class CronUnit { kMinute, kHour, kDay, kMonth, kWeekday };

/// The numbers that a field of a cron expression names. Sunday is 0.
class CronField {
 public:
  /// Parses a field (crontab(5)): *, numbers, names, ranges, lists, steps; "5/15" runs from 5 to
  /// the end. Throws Error, kBadInput, naming the invalid word and what is valid.
  static CronField parse(CronUnit unit, const std::string& text);

  bool has(int number) const { return (bits_ >> number & 1) != 0; }
  /// The smallest of its numbers that is at least `number`.
  std::optional<int> at_least(int number) const;
  std::vector<int> numbers() const;
  std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  /// True if it has every number of its unit.
  bool all() const { return all_; }

  bool operator==(const CronField&) const = default;

 private:
  CronField(CronUnit unit, std::uint64_t bits);

  std::uint64_t bits_;
  bool all_;
};

/// The name of a weekday: "Sunday" for 0.
std::string weekday_name(int weekday);
/// The name of a month: "January" for 1.
std::string month_name(int month);

}  // namespace backups
