#pragma once

#include <ctime>
#include <string>

#include "model/retention.hpp"

namespace backups::tests {

inline std::tm utc_fields(Time time) {
  const std::time_t seconds = time;
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  return fields;
}

/// Calculated by the C library, independently of the helper's calendar.
inline CivilTime utc_civil(const std::string& /*group*/, Time time) {
  const std::tm fields = utc_fields(time);
  return {fields.tm_year + 1900, fields.tm_mon + 1, fields.tm_mday, fields.tm_hour};
}

/// Formats a time with strftime(3): "%G-%V" is the ISO week.
inline std::string utc_text(const char* pattern, Time time) {
  const std::tm fields = utc_fields(time);
  char text[64];
  return {text, std::strftime(text, sizeof text, pattern, &fields)};
}

}  // namespace backups::tests
