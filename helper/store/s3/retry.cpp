#include "store/s3/retry.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <set>

#include "base/text.hpp"

namespace backups {

bool worth_retrying(int status, const std::string& code) {
  // The lists of botocore (retries/standard.py), minio-go (retry.go) and rclone (s3.go).
  static const std::set<std::string> codes = {
      "BadDigest",
      "BandwidthLimitExceeded",
      "ConditionalRequestConflict",
      "InternalError",
      "OperationAborted",
      "PriorRequestNotComplete",
      "RequestLimitExceeded",
      "RequestTimeout",
      "RequestTimeoutException",
      "ServiceUnavailable",
      "SlowDown",
      "SlowDownRead",
      "SlowDownWrite",
      "Throttling",
      "ThrottlingException",
      "TooManyRequests",
      "TooManyRequestsException",
      "XAmzContentSHA256Mismatch",
  };
  static const std::set<int> statuses = {408, 425, 429, 499, 500, 502, 503, 504, 520};
  // A 200 without a valid body: an error occurred after the headers were sent, or the rest was
  // lost.
  return statuses.count(status) > 0 || codes.count(code) > 0 || (status >= 200 && status < 300);
}

bool is_mismatch(const std::string& code) {
  return code == "BadDigest" || code == "XAmzContentSHA256Mismatch" || code == "InvalidDigest";
}

std::optional<Time> parse_http_date(const std::string& text) {
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int day = 0, year = 0, hour = 0, minute = 0, second = 0;
  std::array<char, 4> name{};
  if (std::sscanf(text.c_str(), "%*3s, %d %3s %d %d:%d:%d GMT", &day, name.data(), &year, &hour,
                  &minute, &second) != 6)
    return std::nullopt;
  const auto month = std::find(kMonths.begin(), kMonths.end(), std::string_view(name.data()));
  if (month == kMonths.end()) return std::nullopt;
  std::array<char, 64> time{};
  std::snprintf(time.data(), time.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", year,
                static_cast<int>(month - kMonths.begin()) + 1, day, hour, minute, second);
  return parse_rfc3339(time.data());
}

std::optional<double> retry_after(const std::string& value, Time now) {
  if (const auto seconds = parse_number(value); seconds && *seconds >= 0)
    return static_cast<double>(*seconds);
  if (const auto date = parse_http_date(value))
    return static_cast<double>(std::max<Time>(*date - now, 0));
  return std::nullopt;
}

double backoff(int failures, double unit, double limit, double chance) {
  return chance * std::min(limit, unit * std::pow(2.0, std::clamp(failures - 1, 0, 30)));
}

}  // namespace backups
