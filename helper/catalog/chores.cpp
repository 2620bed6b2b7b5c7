#include "catalog/chores.hpp"

namespace backups {

Time Chores::done_at(const std::string& chore) const {
  Statement query(database_, "SELECT at FROM chores WHERE name = ?");
  return query.bind(chore).step() ? query.number(0) : 0;
}

void Chores::mark_done(const std::string& chore, Time time) const {
  Statement(database_, "INSERT OR REPLACE INTO chores VALUES (?, ?)").bind(chore).bind(time).run();
}

}  // namespace backups
