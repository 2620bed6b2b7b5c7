// Messages that are queued while the catalog is replaced; the other tests of deliver() are in
// alert_test.cpp.
#include "notify/deliver.hpp"

#include <gmock/gmock.h>

#include "catalog/outbox.hpp"
#include "model/alert.hpp"
#include "support/lab.hpp"
#include "support/scripted_server.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tests::Lab;
using tests::ScriptedServer;
using tests::ServerReply;
using tests::ServerRequest;

/// A new catalog numbers its messages from 1 again. A message that was sent from the old one must
/// not remove one in the new catalog, which the same call delivers.
TEST(Deliver, ACatalogThatIsReplacedDuringARequestLosesNoAlertOfTheNewOne) {
  Lab lab;
  State state = lab.open();
  const auto queue = [](Catalog& catalog, const std::string& message) {
    Outbox(catalog.database())
        .queue("webhook", to_json_text({.kind = AlertKind::kTest, .message = message}), now());
  };
  bool replaced = false;
  ScriptedServer server([&](const ServerRequest&) {
    if (!std::exchange(replaced, true)) {
      tests::spill(Database::damage_mark(lab.root() / "catalog.db"), "");  // set aside
      State other = lab.open();
      queue(other.catalog.open(), "in the new catalog");
    }
    return ServerReply{};
  });
  state.settings.change(
      [&](Settings& settings) { settings.set(Settings::kGlobal, "notify-webhook", server.url()); });
  queue(state.catalog.open(), "in the old catalog");
  deliver(state.hooks.environment, state.paths, state.settings, state.catalog);
  std::vector<std::string> bodies;
  for (const auto& request : server.requests()) bodies.push_back(request.body);
  EXPECT_THAT(bodies, ElementsAre(HasSubstr("in the old"), HasSubstr("in the new")));
  EXPECT_FALSE(Outbox(state.catalog.open().database()).due(now()));
}

}  // namespace
}  // namespace backups
