#include "catalog/job_marks.hpp"

namespace backups {

Time JobMarks::done_at(const std::string& job_mark) const {
  Statement query(database_, "SELECT at FROM job_marks WHERE name = ?");
  return query.bind(job_mark).step() ? query.number(0) : 0;
}

void JobMarks::mark_done(const std::string& job_mark, Time time) const {
  Statement(database_, "INSERT OR REPLACE INTO job_marks VALUES (?, ?)")
      .bind(job_mark)
      .bind(time)
      .run();
}

}  // namespace backups
