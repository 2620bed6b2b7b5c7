#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace backups {

void refuse_input(const std::string& problem) { throw Error(ErrorKind::kBadInput, problem); }

Error system_error(const std::string& what, int errno_value) {
  const bool no_room = errno_value == ENOSPC || errno_value == EDQUOT || errno_value == EROFS;
  return Error(no_room ? ErrorKind::kNoSpace : ErrorKind::kFailed,
               what + ": " + std::generic_category().message(errno_value));
}

}  // namespace backups
