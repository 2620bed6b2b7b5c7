#include "cli/user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/error.hpp"

namespace backups {
namespace {

/// Every file in there would say the same, one at a time.
void require_access(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0 ||
      ::access(directory.c_str(), R_OK | W_OK | X_OK) == 0 || errno != EACCES)
    return;
  const passwd* owner = ::getpwuid(status.st_uid);
  const std::string name = owner == nullptr ? std::to_string(status.st_uid) : owner->pw_name;
  throw Error(ErrorKind::kUnauthorised,
              directory.string() + " belongs to user " + name + ": run this command as root" +
                  (status.st_uid == 0 ? "" : ", or as that user (sudo -u " + name + ")"));
}

}  // namespace

void become_owner_of(const std::filesystem::path& directory) {
  if (::geteuid() != 0) return require_access(directory);
  struct stat status {};
  std::filesystem::path at = directory;
  while (::stat(at.c_str(), &status) != 0) {
    if (errno != ENOENT || !at.has_relative_path()) return;
    at = at.parent_path();
  }
  if (status.st_uid == 0) return;
  const passwd* owner = ::getpwuid(status.st_uid);
  if (owner == nullptr)
    throw Error(ErrorKind::kFailed, at.string() + " belongs to uid " +
                                        std::to_string(status.st_uid) + ", which has no user name");
  if (::initgroups(owner->pw_name, owner->pw_gid) != 0 || ::setgid(owner->pw_gid) != 0 ||
      ::setuid(owner->pw_uid) != 0)
    throw system_error(std::string("cannot become user ") + owner->pw_name, errno);
  ::setenv("HOME", owner->pw_dir, 1);
}

}  // namespace backups
