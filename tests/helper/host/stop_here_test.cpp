#include "host/stop_here.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "support/child.hpp"
#include "support/directory.hpp"
#include "sys/fd.hpp"

namespace backups {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StopHere : public testing::Test {
 protected:
  StopHere() { EXPECT_EQ(::mkfifo(fifo_.c_str(), 0600), 0); }

  /// Stops at "remove" in a process of which these variables are all.
  std::function<int()> stopping(const std::map<std::string, std::string>& variables) const {
    return [this, variables] {
      ::clearenv();
      for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
      stop_here("remove");
      tests::spill(passed_, "x");
      return 0;
    };
  }
  /// That it does not stop; a process that does is killed.
  void expect_no_stop(const std::map<std::string, std::string>& variables) {
    EXPECT_EQ(tests::run_in_child(stopping(variables), seconds(30)), tests::exited(0));
    EXPECT_TRUE(fs::remove(passed_));
  }
  std::string read_all() const {
    const Fd fd(::open(fifo_.c_str(), O_RDONLY | O_CLOEXEC));  // waits for the child
    std::array<char, 64> buffer{};
    std::string text;
    while (const auto got = read_some(fd.get(), buffer.data(), buffer.size(), "fifo"))
      text.append(buffer.data(), got);
    return text;
  }

  tests::TemporaryDirectory directory_;
  const fs::path fifo_ = directory_ / "fifo";
  const fs::path passed_ = directory_ / "passed";
};

TEST_F(StopHere, SaysThatThePlaceIsReachedAndWaitsUntilItIsTold) {
  tests::Child child(
      stopping({{"BACKUPS_STOP_AT", "remove"}, {"BACKUPS_STOP_FIFO", fifo_.string()}}));
  EXPECT_EQ(read_all(), "here\n");
  EXPECT_FALSE(child.wait_for(milliseconds(0)));
  EXPECT_FALSE(fs::exists(passed_));
  {
    const Fd go(::open(fifo_.c_str(), O_WRONLY | O_CLOEXEC));  // waits for the child
    write_all(go.get(), "go\n", "fifo");
  }
  EXPECT_EQ(child.wait(), tests::exited(0));
  EXPECT_TRUE(fs::exists(passed_));
}

TEST_F(StopHere, DoesNothingUnlessThisPlaceWasAskedFor) {
  expect_no_stop({});
  expect_no_stop({{"BACKUPS_STOP_AT", "remove"}});
  expect_no_stop({{"BACKUPS_STOP_FIFO", fifo_.string()}});
  expect_no_stop({{"BACKUPS_STOP_AT", "create"}, {"BACKUPS_STOP_FIFO", fifo_.string()}});
  expect_no_stop({{"BACKUPS_STOP_AT", "remove2"}, {"BACKUPS_STOP_FIFO", fifo_.string()}});
}

TEST_F(StopHere, DoesNothingForACallerOfDokkus) {
  expect_no_stop({{"BACKUPS_STOP_AT", "remove"},
                  {"BACKUPS_STOP_FIFO", fifo_.string()},
                  {"PLUGIN_PATH", "/var/lib/dokku/plugins"}});
}

TEST_F(StopHere, WritesIntoNothingButANamedPipe) {
  const fs::path file = directory_ / "file";
  tests::spill(file, "mine");
  expect_no_stop({{"BACKUPS_STOP_AT", "remove"}, {"BACKUPS_STOP_FIFO", file.string()}});
  EXPECT_EQ(tests::slurp(file), "mine");
  const fs::path missing = directory_ / "missing";
  expect_no_stop({{"BACKUPS_STOP_AT", "remove"}, {"BACKUPS_STOP_FIFO", missing.string()}});
  EXPECT_FALSE(fs::exists(missing));
}

}  // namespace
}  // namespace backups
