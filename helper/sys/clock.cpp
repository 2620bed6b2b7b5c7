#include "sys/clock.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace backups {
namespace {

struct Fields {
  int year, month, day, hour, minute, second;
};

Fields fields_of(Time time) {
  using namespace std::chrono;
  const sys_seconds point{seconds(time)};
  const auto day = floor<days>(point);
  const year_month_day date(day);
  const hh_mm_ss clock(point - day);
  return {int(date.year()),
          static_cast<int>(unsigned(date.month())),
          static_cast<int>(unsigned(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

std::string format(const char* pattern, Time time) {
  const Fields f = fields_of(time);
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), pattern, f.year, f.month, f.day, f.hour, f.minute,
                f.second);
  return text.data();
}

/// Reads digits where `pattern` has 0 and demands its other characters; then checks the calendar.
std::optional<Time> parse(std::string_view text, std::string_view pattern) {
  if (text.size() != pattern.size()) return std::nullopt;
  std::array<int, 6> values{};
  std::size_t field = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (pattern[i] == '0') {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      values[field] = values[field] * 10 + (text[i] - '0');
      if (i + 1 == text.size() || pattern[i + 1] != '0') ++field;
    } else if (text[i] != pattern[i]) {
      return std::nullopt;
    }
  }
  using namespace std::chrono;
  const year_month_day date{year(values[0]), month(static_cast<unsigned>(values[1])),
                            day(static_cast<unsigned>(values[2]))};
  if (!date.ok() || values[3] > 23 || values[4] > 59 || values[5] > 59) return std::nullopt;
  return (sys_days(date) + hours(values[3]) + minutes(values[4]) + seconds(values[5]))
      .time_since_epoch()
      .count();
}

}  // namespace

Time now() {
  using namespace std::chrono;
  return floor<seconds>(system_clock::now()).time_since_epoch().count();
}

std::string rfc3339(Time time) { return format("%04d-%02d-%02dT%02d:%02d:%02dZ", time); }

std::optional<Time> parse_rfc3339(std::string_view text) {
  return parse(text, "0000-00-00T00:00:00Z");
}

std::string id_time(Time time) { return format("%04d-%02d-%02d-%02d-%02d-%02d", time); }

std::optional<Time> parse_id_time(std::string_view text) {
  return parse(text, "0000-00-00-00-00-00");
}

std::string random_hex(unsigned bytes) {
  std::vector<unsigned char> buffer(bytes);
  if (::getrandom(buffer.data(), buffer.size(), 0) != static_cast<ssize_t>(buffer.size()))
    throw system_error("cannot get random bytes", errno);
  return hex(buffer.data(), buffer.size());
}

}  // namespace backups
