#pragma once

#include <optional>
#include <string>

#include "sys/clock.hpp"
#include "sys/http.hpp"

namespace backups {

/// True if a repeated request may have another result after a response of this status and S3 error
/// code (empty if none could be read).
bool worth_retrying(int status, const std::string& code);

/// True if the code says that the bytes changed on their way to the server.
bool is_mismatch(const std::string& code);

/// The seconds from `now` of a Retry-After: "120", or a date (RFC 9110, section 10.2.3).
std::optional<double> retry_after(const std::string& value, Time now);

/// Parses an IMF-fixdate (RFC 9110, section 5.6.7): "Fri, 24 May 2013 00:00:00 GMT".
std::optional<Time> parse_http_date(const std::string& text);

/// Capped exponential backoff with full jitter: the seconds before attempt `failures` + 1. `chance`
/// is uniformly distributed in [0, 1).
double backoff(int failures, double unit, double limit, double chance);

}  // namespace backups
