#include "model/host.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "model/source.hpp"

namespace backups {
namespace {

using testing::ElementsAre;

HostIdentity prod() {
  HostIdentity host;
  host.name = "prod-00000001";
  host.names = {host.name};
  host.writers = {"aaaa"};
  return host;
}

TEST(HostIdentity, ADoubtGivesANewNameAndLeavesTheOldOneAlone) {
  HostIdentity host = prod();
  host.doubt("clone-00000002");
  EXPECT_EQ(host.name, "clone-00000002");
  EXPECT_TRUE(host.owns("clone-00000002"));
  EXPECT_FALSE(host.owns("prod-00000001"));
  EXPECT_TRUE(host.is_doubtful("prod-00000001"));
}

TEST(HostIdentity, KeepingTakesTheOldNameBackAndWhatWasMadeMeanwhile) {
  HostIdentity host = prod();
  host.doubt("clone-00000002");
  host.doubt("clone-00000003");
  EXPECT_THAT(host.doubtful, ElementsAre("prod-00000001", "clone-00000002"));
  host.keep();
  EXPECT_EQ(host.name, "prod-00000001");
  EXPECT_THAT(host.names, ElementsAre("clone-00000002", "clone-00000003", "prod-00000001"));
  EXPECT_THAT(host.doubtful, ElementsAre());
}

TEST(HostIdentity, RenouncingLeavesTheOldNameToTheOther) {
  HostIdentity host = prod();
  host.doubt("clone-00000002");
  host.disown_doubtful();
  EXPECT_THAT(host.names, ElementsAre("clone-00000002"));
  EXPECT_FALSE(host.is_doubtful("prod-00000001"));
}

TEST(HostIdentity, KnowsWhatItWrote) {
  const HostIdentity host = prod();
  EXPECT_TRUE(host.wrote("aaaa"));
  EXPECT_TRUE(host.wrote("")) << "an older version wrote no token";
  EXPECT_FALSE(host.wrote("bbbb"));
}

TEST(HostIdentity, SurvivesItsJson) {
  HostIdentity host = prod();
  host.doubt("clone-00000002");
  host.machine = "m";
  host.boot = "b";
  host.strangers = {"bbbb"};
  EXPECT_EQ(host_from_json(nlohmann::json::parse(host_to_json(host).dump())), host);
}

TEST(HostIdentity, EveryMachineNameMakesAValidOne) {
  EXPECT_EQ(make_host_name("dokku.example.com", "00000001"), "dokku.example.com-00000001");
  for (const std::string& name : {std::string(), std::string("..."), std::string("-x"),
                                  std::string("a/b\n\x1b[1m"), std::string(300, 'x')})
    EXPECT_TRUE(valid_name(make_host_name(name, "00000001"))) << name;
}

}  // namespace
}  // namespace backups
