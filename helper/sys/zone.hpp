#pragma once

#include <chrono>
#include <string>

#include "sys/clock.hpp"

namespace date {
class time_zone;
}

namespace backups {

/// A minute in local time.
using LocalMinute = std::chrono::local_time<std::chrono::minutes>;

/// When a minute of local time occurs.
struct LocalOccurrences {
  int times;    ///< 0 where clocks jump over it (a gap), 2 where they were set back, 1 otherwise
  Time first;   ///< its beginning, or the end of the gap
  Time second;  ///< the same as `first` unless it is shown twice
};

/// A time zone of the IANA database that the host has.
class Zone {
 public:
  /// Throws Error, kBadInput, for a name that the database does not know.
  explicit Zone(const std::string& name);

  /// Whether the host's database knows it: what an older or fuller one had may be missing.
  static bool is_known(const std::string& name);

  const std::string& name() const { return name_; }

  LocalMinute local(Time time) const;
  LocalOccurrences occurrences(LocalMinute minute) const;

  /// The first instant after `time` at which clocks may be changed; thousands of years away where
  /// they never are again.
  Time next_change(Time time) const;

  /// The name of the host's own: TZ, the link localtime or the file timezone in `etc`; UTC where
  /// none of them tells.
  static std::string host(const std::string& etc = "/etc");

 private:
  std::string name_;
  const date::time_zone* zone_;  ///< the library's, for as long as the process lives
};

}  // namespace backups
