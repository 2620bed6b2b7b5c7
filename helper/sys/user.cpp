#include "sys/user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.hpp"

namespace backups {

void become_owner_of(const std::filesystem::path& directory) {
  struct stat status {};
  if (::geteuid() != 0 || ::stat(directory.c_str(), &status) != 0 || status.st_uid == 0) return;
  const passwd* owner = ::getpwuid(status.st_uid);
  if (owner == nullptr)
    throw Error(ErrorKind::kFailed, directory.string() + " belongs to uid " +
                                        std::to_string(status.st_uid) + ", which has no name");
  if (::initgroups(owner->pw_name, owner->pw_gid) != 0 || ::setgid(owner->pw_gid) != 0 ||
      ::setuid(owner->pw_uid) != 0)
    throw system_error(std::string("cannot become user ") + owner->pw_name, errno);
  ::setenv("HOME", owner->pw_dir, 1);
}

}  // namespace backups
