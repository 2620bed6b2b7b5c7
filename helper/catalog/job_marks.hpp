#pragma once

#include <string>

#include "sys/clock.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// The mark of a source, whose text() follows: its data was replaced, so earlier backups do not
/// contain what is there now. Instead of a time, this mark and kDestroyed have a sequence number,
/// which is greater than that of each earlier backup.
constexpr const char* kReplaced = "replaced ";
/// Likewise: its service was destroyed, so earlier backups are of one that no longer exists.
constexpr const char* kDestroyed = "destroyed ";

/// The table `job_marks` of the catalog: periodic jobs, and when each was last done. Several
/// processes may use it at once. Throws Error.
class JobMarks {
 public:
  explicit JobMarks(Database& database) : database_(database) {}

  /// Returns 0 if it was never done.
  Time done_at(const std::string& job_mark) const;
  void mark_done(const std::string& job_mark, Time time) const;

 private:
  Database& database_;
};

}  // namespace backups
