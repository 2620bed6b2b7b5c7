#include <malloc.h>
#include <sys/prctl.h>

#include "cli/cli.hpp"

int main(int argc, char** argv) {
  // Parts of an upload grow, and must leave no holes behind where they were smaller: what is as
  // large goes back to the system when it is freed.
  ::mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
  ::prctl(PR_SET_NAME, "backups-helper");  // also where it was started through /proc/self/exe
  return backups::run_cli(argc, argv);
}
