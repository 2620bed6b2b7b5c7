#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <initializer_list>

#include "cli/cli.hpp"

namespace {

/// Where the caller has closed stdin, stdout or stderr: a file that is opened later would get that
/// number, and be read, or be written messages into.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) == -1) ::open("/dev/null", O_RDWR);  // takes the lowest number
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  // Parts of an upload grow, and must leave no holes behind where they were smaller: what is as
  // large goes back to the system when it is freed.
  ::mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
  ::prctl(PR_SET_NAME, "backups-helper");  // also where it was started through /proc/self/exe
  return backups::run_cli(argc, argv);
}
