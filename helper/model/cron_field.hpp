#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace backups {

enum class CronUnit { kMinute, kHour, kDay, kMonth, kWeekday };

/// The numbers that one field of a cron expression names; a Sunday is 0.
class CronField {
 public:
  /// A field as crontab(5) has it: *, numbers, names, ranges, lists, steps; "5/15" goes from 5 to
  /// the end. Throws Error, kBadInput, naming the word that is wrong and what would be right.
  static CronField parse(CronUnit unit, const std::string& text);

  bool has(int number) const { return (bits_ >> number & 1) != 0; }
  /// The smallest that is `number` or more.
  std::optional<int> at_least(int number) const;
  std::vector<int> numbers() const;
  std::size_t size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  /// Every number that there is.
  bool all() const { return all_; }

  bool operator==(const CronField&) const = default;

 private:
  CronField(CronUnit unit, std::uint64_t bits);

  std::uint64_t bits_;
  bool all_;
};

/// "Sunday" for 0.
std::string weekday_name(int weekday);
/// "January" for 1.
std::string month_name(int month);

}  // namespace backups
