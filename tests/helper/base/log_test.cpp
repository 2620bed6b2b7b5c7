#include "base/log.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "support/child.hpp"

namespace backups {
namespace {

std::string log_of(const std::function<void()>& speak) {
  testing::internal::CaptureStderr();
  speak();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, SpeaksAsDokkuDoes) {
  EXPECT_EQ(log_of([] { log::step("go"); }), "-----> go\n");
  EXPECT_EQ(log_of([] { log::result("done"); }), "=====> done\n");
  EXPECT_EQ(log_of([] { log::detail("more"); }), "       more\n");
  EXPECT_EQ(log_of([] { log::warn("hm"); }), " !     hm\n");
  EXPECT_EQ(log_of([] { log::raw("as it is"); }), "as it is");
}

/// A key of a bucket, a host, the name of a database: nothing of it is obeyed.
TEST(Log, LetsNoEscapeThrough) {
  EXPECT_EQ(log_of([] {
              log::warn(
                  "a\x1b[2J\r\n\xc2\x9b"
                  "2Jb\u202E");
            }),
            " !     a?[2J???2Jb?\n");
  EXPECT_EQ(log_of([] { log::rewrite("a\x1b]0;x\x07"); }), "\r       a?]0;x?\x1b[K");
  log_of([] { log::warn("and over with it"); });
}

TEST(Log, KeepsOnlyWarningsWhenQuiet) {
  log::set_quiet(true);
  EXPECT_TRUE(log::quiet());
  const std::string text = log_of([] {
    log::step("a");
    log::result("b");
    log::detail("c");
    log::warn("d");
  });
  log::set_quiet(false);
  EXPECT_EQ(text, " !     d\n");
}

TEST(Log, OutlivesItsReader) {
  const auto ending = tests::run_in_child([] {
    ::close(STDERR_FILENO);
    log::warn("nobody reads this");
    return 7;
  });
  EXPECT_EQ(ending, tests::exited(7));
}

}  // namespace
}  // namespace backups
