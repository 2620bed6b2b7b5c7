#include "host/state.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/lab.hpp"

namespace backups {
namespace {

TEST(State, MakesItsDirectoriesForItsOwnerOnly) {
  const tests::Lab lab;
  const mode_t before = ::umask(0);
  const tests::TemporaryDirectory directory;
  const State state(directory.path() / "lib" / "data", lab.hooks(), {});
  ::umask(before);
  for (const char* name : {"", "locks", "run", "logs", "secrets"})
    EXPECT_EQ(tests::mode_of(directory.path() / "lib" / "data" / name), 0700U) << name;
}

}  // namespace
}  // namespace backups
