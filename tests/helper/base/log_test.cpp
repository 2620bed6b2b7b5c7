#include "base/log.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "support/child.hpp"

namespace backups {
namespace {

std::string said(const std::function<void()>& speak) {
  testing::internal::CaptureStderr();
  speak();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, SpeaksAsDokkuDoes) {
  EXPECT_EQ(said([] { log::step("go"); }), "-----> go\n");
  EXPECT_EQ(said([] { log::result("done"); }), "=====> done\n");
  EXPECT_EQ(said([] { log::detail("more"); }), "       more\n");
  EXPECT_EQ(said([] { log::warn("hm"); }), " !     hm\n");
  EXPECT_EQ(said([] { log::raw("as it is"); }), "as it is");
}

TEST(Log, KeepsOnlyWarningsWhenQuiet) {
  log::set_quiet(true);
  EXPECT_TRUE(log::quiet());
  const std::string text = said([] {
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
