#pragma once

#include <string>

#include "sys/clock.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// A mark of each source, whose text() follows: other data were put in the place of its own, so
/// that what was backed up before is not what is there now. This one and the next are marked not
/// with a time but with a sequence number: that of each backup before it is less.
constexpr const char* kReplaced = "replaced ";
/// The same: its service went, so that what was backed up before is of one that is no more.
constexpr const char* kDestroyed = "destroyed ";

/// What is done now and then, and when it was done last: the table `job_marks` of the catalog. Safe
/// to use from several processes at once. Throws Error.
class JobMarks {
 public:
  explicit JobMarks(Database& database) : database_(database) {}

  /// 0: never.
  Time done_at(const std::string& job_mark) const;
  void mark_done(const std::string& job_mark, Time time) const;

 private:
  Database& database_;
};

}  // namespace backups
