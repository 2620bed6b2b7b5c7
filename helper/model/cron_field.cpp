#include "model/cron_field.hpp"

#include <array>
#include <bit>
#include <cctype>
#include <span>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {
namespace {

constexpr std::array<const char*, 7> kWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};
constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                 "May",       "June",     "July",     "August",
                                                 "September", "October",  "November", "December"};

/// Cron's weekdays are 0 to 7, and both 0 and 7 are Sunday.
constexpr int kSunday = 7;

struct Unit {
  const char* name;
  int lowest, highest;
  const char* value_form;
  std::span<const char* const> names;  ///< for the numbers from `lowest` on

  int last() const { return highest == kSunday ? kSunday - 1 : highest; }
};

const Unit& unit_of(CronUnit unit) {
  static constexpr std::array<Unit, 5> kUnits = {{
      {"minute", 0, 59, "0 to 59", {}},
      {"hour", 0, 23, "0 to 23", {}},
      {"day of the month", 1, 31, "1 to 31", {}},
      {"month", 1, 12, "1 to 12 or jan to dec", kMonths},
      {"day of the week", 0, 7, "0 to 7 or sun to sat", kWeekdays},
  }};
  return kUnits.at(static_cast<std::size_t>(unit));
}

/// Finds a name by its first three letters or all of them.
std::optional<int> find_name(const Unit& unit, const std::string& word) {
  for (std::size_t i = 0; i < unit.names.size(); ++i) {
    const std::string name = lower(unit.names[i]);
    if (lower(word) == name || lower(word) == name.substr(0, 3))
      return unit.lowest + static_cast<int>(i);
  }
  return std::nullopt;
}

struct Range {
  int first, last;
};

/// Parses one item of a list, which its errors quote.
class Item {
 public:
  Item(const Unit& unit, std::string text) : unit_(unit), text_(std::move(text)) {}

  std::uint64_t bits() const {
    const auto slash = text_.find('/');
    const bool stepped = slash != std::string::npos;
    const Range range = range_of(text_.substr(0, slash), stepped);
    const int step = stepped ? step_of(text_.substr(slash + 1)) : 1;
    std::uint64_t bits = 0;
    for (int number = range.first; number <= range.last; number += step)
      bits |= std::uint64_t{1} << number;
    return bits;
  }

 private:
  Range range_of(const std::string& words, bool stepped) const {
    if (words == "*") return {unit_.lowest, unit_.highest};
    const auto dash = words.find('-');
    int first = number_of(words.substr(0, dash));
    if (dash == std::string::npos) return {first, stepped ? unit_.highest : first};
    const std::string end = words.substr(dash + 1);
    int last = number_of(end);
    if (last == 0 && first > 0 && find_name(unit_, end)) last = kSunday;
    if (last < first && first > unit_.last()) first = unit_.lowest;
    if (last < first) refuse_descending(words.substr(0, dash), end);
    return {first, last};
  }

  int number_of(const std::string& word) const {
    if (const auto named = find_name(unit_, word)) return *named;
    const auto number = parse_number(word);
    if (!number || *number < unit_.lowest || *number > unit_.highest)
      refuse_input(std::string("invalid ") + unit_.name + " " + in_quotes(word) + inside(word) +
                   " (must be " + unit_.value_form + ")");
    return static_cast<int>(*number);
  }

  int step_of(const std::string& word) const {
    const auto number = parse_number(word);
    if (!number || *number < 1)
      refuse_input("invalid step " + in_quotes(word) + inside(word) +
                   " (must be a number of at least 1, such as */5)");
    return *number > unit_.highest ? unit_.highest + 1 : static_cast<int>(*number);
  }

  std::string inside(const std::string& word) const {
    return word == text_ ? "" : " in " + in_quotes(text_);
  }

  [[noreturn]] void refuse_descending(const std::string& first, const std::string& last) const {
    refuse_input(in_quotes(text_) + " runs backwards: write " + first + "-" +
                 std::to_string(unit_.last()) + "," + std::to_string(unit_.lowest) + "-" + last);
  }

  const Unit& unit_;
  std::string text_;
};

}  // namespace

CronField::CronField(CronUnit unit, std::uint64_t bits) : bits_(bits) {
  if (unit == CronUnit::kWeekday && has(kSunday))
    bits_ = (bits_ & ~(std::uint64_t{1} << kSunday)) | 1;
  all_ = static_cast<int>(size()) == unit_of(unit).last() - unit_of(unit).lowest + 1;
}

CronField CronField::parse(CronUnit unit, const std::string& text) {
  std::uint64_t bits = 0;
  for (const auto& item : split(text, ',')) {
    if (item.empty())
      refuse_input(in_quotes(text) + " has a comma with nothing before or after it");
    bits |= Item(unit_of(unit), item).bits();
  }
  return {unit, bits};
}

std::optional<int> CronField::at_least(int number) const {
  const std::uint64_t rest = number > 63 ? 0 : bits_ >> number;
  if (rest == 0) return std::nullopt;
  return number + std::countr_zero(rest);
}

std::vector<int> CronField::numbers() const {
  std::vector<int> numbers;
  for (auto number = at_least(0); number; number = at_least(*number + 1))
    numbers.push_back(*number);
  return numbers;
}

std::string weekday_name(int weekday) { return kWeekdays.at(static_cast<std::size_t>(weekday)); }

std::string month_name(int month) { return kMonths.at(static_cast<std::size_t>(month) - 1); }

}  // namespace backups
