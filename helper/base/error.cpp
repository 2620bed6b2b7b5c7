#include "base/error.hpp"

#include <cerrno>
#include <system_error>

namespace backups {

Error system_error(const std::string& what, int errno_value) {
  const auto kind =
      errno_value == ENOSPC || errno_value == EDQUOT ? ErrorKind::kNoRoom : ErrorKind::kFailed;
  return Error(kind, what + ": " + std::generic_category().message(errno_value));
}

}  // namespace backups
