#pragma once

#include <optional>
#include <string>

#include "sys/clock.hpp"
#include "sys/http.hpp"

namespace backups {

/// May an answer of this status and S3 error code (empty: none was readable) be another one when
/// the same request is made again?
bool worth_retrying(int status, const std::string& code);

/// The bytes changed on their way to the server.
bool is_mismatch(const std::string& code);

/// "120", or a date (RFC 9110, section 10.2.3), in seconds from `now`.
std::optional<double> retry_after(const std::string& value, Time now);

/// RFC 9110's IMF-fixdate: "Fri, 24 May 2013 00:00:00 GMT".
std::optional<Time> parse_http_date(const std::string& text);

/// Capped exponential backoff with full jitter: seconds before attempt `failures` + 1, where
/// `chance` is evenly from [0, 1).
double backoff(int failures, double unit, double limit, double chance);

}  // namespace backups
