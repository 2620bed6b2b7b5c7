#include "model/cron_words.hpp"

#include <array>
#include <cstdio>
#include <optional>
#include <vector>

#include "base/text.hpp"

namespace backups {
namespace {

constexpr std::size_t kMaxTimes = 6;  ///< in a sentence

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// "a", "a and b", "a, b and c".
std::string enumerate(std::vector<std::string> words) {
  if (words.size() < 2) return join(words, "");
  const std::string last = words.back();
  words.pop_back();
  return join(words, ", ") + " and " + last;
}

/// "1st", "22nd", "13th".
std::string ordinal(int number) {
  constexpr std::array<const char*, 4> kEndings = {"th", "st", "nd", "rd"};
  const int digit = number % 10;
  const bool teen = number / 10 == 1;
  return std::to_string(number) + kEndings.at(teen || digit > 3 ? 0 : std::size_t(digit));
}

bool every_day(const CronFields& fields) {
  return fields.days.all() && fields.months.all() && fields.weekdays.all();
}

/// The distance between numbers that are evenly spaced around a cycle. Nothing if they are not.
std::optional<int> even_step(const CronField& field, int cycle) {
  const auto numbers = field.numbers();
  const int step = cycle / static_cast<int>(numbers.size());
  if (step * static_cast<int>(numbers.size()) != cycle) return std::nullopt;
  for (std::size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i] - numbers[i - 1] != step) return std::nullopt;
  return step;
}

std::string every(int step, const std::string& unit) {
  return "every " + (step == 1 ? unit : std::to_string(step) + " " + unit + "s");
}

/// Describes what runs in every hour of every day. Empty if there are no words for it.
std::string minutes_in_words(const CronField& minutes) {
  const int first = minutes.at_least(0).value();
  if (minutes.size() == 1) return "hourly at :" + two_digits(first);
  const auto step = even_step(minutes, 60);
  if (!step) return "";
  return every(*step, "minute") + (first == 0 ? "" : " from :" + two_digits(first));
}

/// Returns an empty text if there are no words for it.
std::string hours_in_words(const CronFields& fields) {
  const auto step = even_step(fields.hours, 24);
  if (!every_day(fields) || fields.minutes.size() > 1 || fields.hours.size() < 2 || !step ||
      !fields.hours.has(0))
    return "";
  return every(*step, "hour") + " at :" + two_digits(fields.minutes.at_least(0).value());
}

/// "02:00 and 14:00". Empty if there are too many.
std::string times_in_words(const CronFields& fields) {
  if (fields.hours.size() * fields.minutes.size() > kMaxTimes) return "";
  std::vector<std::string> times;
  for (const int hour : fields.hours.numbers())
    for (const int minute : fields.minutes.numbers())
      times.push_back(two_digits(hour) + ":" + two_digits(minute));
  return enumerate(times);
}

/// "Monday to Friday", "Saturday and Sunday". The week begins on Monday.
std::string weekdays_in_words(const CronField& weekdays) {
  std::vector<std::string> names;
  std::size_t breaks = 0;
  for (int i = 0; i < 7; ++i) {
    if (!weekdays.has((i + 1) % 7)) continue;
    names.push_back(weekday_name((i + 1) % 7));
    if (i == 0 || !weekdays.has(i)) ++breaks;
  }
  if (names.size() > 2 && breaks == 1) return names.front() + " to " + names.back();
  return enumerate(names);
}

/// "1st and 15th". Empty if not every month has these days, or there are too many.
std::string days_of_month(const CronField& days) {
  if (days.at_least(29) || days.size() > kMaxTimes) return "";
  std::vector<std::string> ordinals;
  for (const int day : days.numbers()) ordinals.push_back(ordinal(day));
  return enumerate(ordinals);
}

/// "31 December". Empty for several days, and for a day that not every year has.
std::string day_of_year(const CronFields& fields) {
  if (fields.days.size() > 1 || fields.months.size() > 1) return "";
  const int day = fields.days.numbers()[0];
  const int month = fields.months.numbers()[0];
  return day == 29 && month == 2 ? "" : std::to_string(day) + " " + month_name(month);
}

std::string after(const std::string& before, const std::string& words) {
  return words.empty() ? "" : before + words;
}

/// "daily", "weekly on Sunday". Empty if there are no words for it.
std::string days_in_words(const CronFields& fields) {
  if (every_day(fields)) return "daily";
  if (fields.either_day) return "";
  if (fields.days.all() && fields.months.all())
    return (fields.weekdays.size() == 1 ? "weekly on " : "on ") +
           weekdays_in_words(fields.weekdays);
  if (!fields.weekdays.all()) return "";
  return fields.months.all() ? after("monthly on the ", days_of_month(fields.days))
                             : after("yearly on ", day_of_year(fields));
}

}  // namespace

std::string describe(const Cron& cron, const std::string& zone) {
  const CronFields& fields = cron.fields();
  const std::string as_written = "cron \"" + cron.text() + "\"";
  if (fields.hours.all() && every_day(fields)) {
    const std::string words = minutes_in_words(fields.minutes);
    return words.empty() ? as_written : words;
  }
  const std::string hours = hours_in_words(fields);
  if (!hours.empty()) return hours + " " + zone;
  const std::string days = days_in_words(fields);
  const std::string times = times_in_words(fields);
  const bool words = !days.empty() && !times.empty();
  return (words ? days + " at " + times : as_written) + " " + zone;
}

std::string kind_of(const Cron& cron) {
  const CronFields& fields = cron.fields();
  if (every_day(fields)) {
    if (fields.hours.all() && fields.minutes.size() > 1) return "minutely";
    const bool several = fields.hours.size() > 1 && fields.minutes.size() == 1;
    const bool even = several && even_step(fields.hours, 24);
    return fields.hours.all() || even ? "hourly" : "daily";
  }
  if (fields.either_day || fields.hours.all() || !fields.months.all()) return "cron";
  if (fields.days.all() && fields.weekdays.size() == 1) return "weekly";
  if (fields.weekdays.all() && fields.days.size() == 1 && !fields.days.at_least(29))
    return "monthly";
  return "cron";
}

}  // namespace backups
