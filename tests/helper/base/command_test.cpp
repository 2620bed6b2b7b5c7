#include "base/command.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "support/directory.hpp"
#include "support/paths.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::HasSubstr;

class CommandTest : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("PLUGIN_PATH"); }
  void TearDown() override { ::unsetenv("PLUGIN_PATH"); }
};

TEST_F(CommandTest, IsThatOfTheHelperOutsideOfDokku) {
  EXPECT_EQ(command("list"), "backups-helper list");
}

TEST_F(CommandTest, IsThatOfDokkuWhereDokkuCalled) {
  ::setenv("PLUGIN_PATH", "/var/lib/dokku/plugins", 1);
  EXPECT_EQ(command("list"), "dokku backups:list");
}

/// As cron and the triggers start it, without PLUGIN_PATH: what they say is read by users of Dokku.
TEST_F(CommandTest, IsThatOfDokkuFromAnInstalledPlugin) {
  const tests::TemporaryDirectory directory;
  const auto usage = [&](const std::string& name, bool described) {
    const fs::path plugin = directory / name;
    fs::create_directories(plugin / "bin");
    fs::copy_file(tests::helper_program(), plugin / "bin" / "backups-helper");
    if (described) tests::spill(plugin / "plugin.toml", "[plugin]\n");
    return tests::shell((plugin / "bin" / "backups-helper").string() + " help").out;
  };
  EXPECT_THAT(usage("a/backups", true), HasSubstr("Usage: dokku backups:<command>"));
  EXPECT_THAT(usage("b/backups", false), HasSubstr("Usage: backups-helper <command>"));
  EXPECT_THAT(usage("c/plugin", true), HasSubstr("Usage: backups-helper <command>"));
}

}  // namespace
}  // namespace backups
