#include "model/cron.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year_month_day;

constexpr days kHorizon(3653);

constexpr std::array<std::array<const char*, 2>, 7> kShorthands = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string expand(const std::string& text) {
  if (text == "@reboot")
    refuse_input(
        "'@reboot' is not supported: a backup missed while the host was down runs after the reboot "
        "anyway");
  for (const auto& [name, fields] : kShorthands)
    if (text == name) return fields;
  return text;
}

/// 28 is a day that every month has; 2000 was a leap year.
bool ever_runs(const CronFields& fields) {
  using namespace std::chrono;
  if (fields.either_day) return true;
  const day first(static_cast<unsigned>(fields.days.at_least(1).value()));
  const auto has_it = [&](int number) {
    return first <= (year(2000) / month(static_cast<unsigned>(number)) / last).day();
  };
  const auto months = fields.months.numbers();
  return std::any_of(months.begin(), months.end(), has_it);
}

bool runs_on(const CronFields& fields, const year_month_day& date) {
  const bool day = fields.days.has(static_cast<int>(unsigned(date.day())));
  const std::chrono::weekday weekday{local_days(date)};
  const bool in_week = fields.weekdays.has(static_cast<int>(weekday.c_encoding()));
  return fields.either_day ? day || in_week : day && in_week;
}

/// The first minute of a day at or after `from`.
std::optional<minutes> clock_from(const CronFields& fields, minutes from) {
  const auto earliest = static_cast<int>(from.count());
  auto hour = fields.hours.at_least(earliest / 60);
  if (hour == earliest / 60) {
    if (const auto minute = fields.minutes.at_least(earliest % 60))
      return minutes(*hour * 60 + *minute);
    hour = fields.hours.at_least(*hour + 1);
  }
  if (!hour) return std::nullopt;
  return minutes(*hour * 60 + fields.minutes.at_least(0).value());
}

/// The first matching minute of the calendar from `from` on; nothing if there is none until `end`.
std::optional<LocalMinute> find(const CronFields& fields, LocalMinute from, LocalMinute end) {
  auto day = floor<days>(from);
  while (day <= end) {
    const year_month_day date(day);
    if (!fields.months.has(static_cast<int>(unsigned(date.month())))) {
      day = local_days((date.year() / date.month() + std::chrono::months(1)) / 1);
      continue;
    }
    if (runs_on(fields, date)) {
      if (const auto clock = clock_from(fields, std::max(from - day, minutes(0))))
        return day + *clock;
    }
    day += days(1);
  }
  return std::nullopt;
}

/// Between two changes of the clocks, local and elapsed time advance equally.
std::optional<Time> next_in_real_time(const CronFields& fields, Time after, const Zone& zone) {
  const LocalMinute end = zone.local(after) + kHorizon;
  Time from = (floor<minutes>(seconds(after)) + seconds(minutes(1))).count();
  while (true) {
    const LocalMinute clock = zone.local(from);
    const auto found = find(fields, clock, end);
    if (!found) return std::nullopt;
    const Time time = from + seconds(*found - clock).count();
    const Time change = zone.next_change(from);
    if (time < change) return time;
    from = change;
  }
}

/// Skips times that a clock shows again after it was set back.
std::optional<Time> next_on_the_clock(const CronFields& fields, Time after, const Zone& zone) {
  const LocalMinute now = zone.local(after);
  auto found = find(fields, now + minutes(1), now + kHorizon);
  while (found) {
    const Time time = zone.occurrences(*found).first;
    if (time > after) return time;
    found = find(fields, *found + minutes(1), now + kHorizon);
  }
  return std::nullopt;
}

/// The cron fields of a time of day: "5 2" for "2:05" and "02:05".
std::optional<std::string> clock_fields(const std::string& clock) {
  const auto parts = split(clock, ':');
  if (parts.size() != 2 || parts[0].size() > 2 || parts[1].size() != 2) return std::nullopt;
  const auto hour = parse_number(parts[0]);
  const auto minute = parse_number(parts[1]);
  if (!hour || !minute || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59)
    return std::nullopt;
  return std::to_string(*minute) + " " + std::to_string(*hour);
}

struct DayAndClock {
  std::string day;
  std::string clock;  ///< its cron fields
};

std::optional<DayAndClock> day_and_clock(const std::string& value) {
  const auto words = words_of(value);
  if (words.size() != 2) return std::nullopt;
  const auto clock = clock_fields(words[1]);
  if (!clock) return std::nullopt;
  return DayAndClock{words[0], *clock};
}

bool is_weekday(const std::string& word) {
  try {
    return CronField::parse(CronUnit::kWeekday, word).size() == 1;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Cron Cron::parse(const std::string& expression) {
  const auto words = words_of(expand(trim(expression)));
  if (words.size() != 5)
    refuse_input(in_quotes(expression) +
                 " is not a cron expression: use minute, hour, day, month and weekday, such as " +
                 "'0 2 * * sun', or @hourly, @daily, @weekly, @monthly, @yearly");
  const CronFields fields{CronField::parse(CronUnit::kMinute, words[0]),
                          CronField::parse(CronUnit::kHour, words[1]),
                          CronField::parse(CronUnit::kDay, words[2]),
                          CronField::parse(CronUnit::kMonth, words[3]),
                          CronField::parse(CronUnit::kWeekday, words[4]),
                          !words[2].starts_with('*') && !words[4].starts_with('*')};
  const Cron cron(join(words, " "), fields);
  if (!ever_runs(fields))
    refuse_input(in_quotes(cron.text()) + " would never run: none of its months has such a day");
  return cron;
}

std::optional<Time> Cron::next(Time after, const Zone& zone) const {
  return fields_.hours.all() ? next_in_real_time(fields_, after, zone)
                             : next_on_the_clock(fields_, after, zone);
}

Cron cron_daily(const std::string& value) {
  const auto clock = clock_fields(trim(value));
  if (!clock) refuse_input("--daily takes a time of day such as 02:00, not " + in_quotes(value));
  return Cron::parse(*clock + " * * *");
}

Cron cron_weekly(const std::string& value) {
  const auto parts = day_and_clock(value);
  if (!parts || !is_weekday(parts->day))
    refuse_input("--weekly takes a day and a time such as 'sun 02:00', not " + in_quotes(value));
  return Cron::parse(parts->clock + " * * " + parts->day);
}

Cron cron_monthly(const std::string& value) {
  const auto parts = day_and_clock(value);
  const auto day = parts ? parse_number(parts->day) : std::nullopt;
  if (!day || *day < 1 || *day > 31)
    refuse_input("--monthly takes a day and a time such as '1 02:00', not " + in_quotes(value));
  if (*day > 28)
    refuse_input("--monthly " + in_quotes(value) + " would skip the months without a day " +
                 std::to_string(*day) + ": use a day from 1 to 28");
  return Cron::parse(parts->clock + " " + std::to_string(*day) + " * *");
}

}  // namespace backups
