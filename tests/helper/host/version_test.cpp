#include "host/version.hpp"

#include <gmock/gmock.h>

#include "support/directory.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

TEST(MajorVersion, IsTheFirstNumber) {
  EXPECT_EQ(major_version("15.18"), 15);
  EXPECT_EQ(major_version("10.11.6-MariaDB"), 10);
  EXPECT_EQ(major_version("18beta1"), 18);
  EXPECT_EQ(major_version("7"), 7);
  EXPECT_EQ(major_version(""), 0);
  EXPECT_EQ(major_version("unknown"), 0);
}

TEST(Version, IsThatOfThePlugin) {
  EXPECT_THAT(tests::slurp(tests::source("plugin.toml")),
              testing::HasSubstr("\"" + std::string(kVersion) + "\""));
}

}  // namespace
}  // namespace backups
