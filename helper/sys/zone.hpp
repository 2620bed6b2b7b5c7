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
  int times;    ///< 0 if clocks skip it (a gap), 2 if they show it twice, otherwise 1
  Time first;   ///< its first occurrence, or the end of the gap
  Time second;  ///< its second occurrence, otherwise equal to `first`
};

/// A time zone of the host's IANA database.
class Zone {
 public:
  /// Throws Error, kBadInput, for a name that the database does not know.
  explicit Zone(const std::string& name);

  /// True if the host's database contains the zone; an older or reduced database may lack some.
  static bool is_known(const std::string& name);

  const std::string& name() const { return name_; }

  LocalMinute local(Time time) const;
  LocalOccurrences occurrences(LocalMinute minute) const;

  /// The first instant after `time` at which the clocks may change; thousands of years ahead if
  /// they never do.
  Time next_change(Time time) const;

  /// The name of the host's time zone: from TZ, the link localtime or the file timezone in `etc`;
  /// otherwise UTC.
  static std::string host(const std::string& etc = "/etc");

 private:
  std::string name_;
  const date::time_zone* zone_;  ///< owned by the library, which keeps it until the process ends
};

}  // namespace backups
