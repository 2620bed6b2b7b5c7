#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backups {

/// Seconds since 1970-01-01T00:00:00Z.
using Time = std::int64_t;

constexpr Time kHour = 3600;
constexpr Time kDay = 24 * kHour;

Time now();

/// The latest plausible time of an event that is over at `now`. It is slightly ahead, since clocks
/// are corrected and ids of the same second are moved to later ones.
constexpr Time latest_believed(Time now) { return now + 60; }

/// True for a later time: the clock was ahead then, or is behind now.
constexpr bool lies_ahead(Time time, Time now) { return time > latest_believed(now); }

/// RFC 3339 in UTC: "2026-04-08T14:30:00Z".
std::string rfc3339(Time time);
std::optional<Time> parse_rfc3339(std::string_view text);

/// The form in the id of a backup, UTC: "2026-04-08-14-30-00".
std::string id_time(Time time);
std::optional<Time> parse_id_time(std::string_view text);

/// `bytes` random bytes from the kernel, in hexadecimal.
std::string random_hex(unsigned bytes);

}  // namespace backups
