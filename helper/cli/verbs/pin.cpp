#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/stop_here.hpp"

namespace backups {
namespace {

void require_there(Call& call, const Backup& named) {
  const auto backup = call.state.catalog.open().find(named.source.type, named.id);
  if (!backup || backup->status != BackupStatus::kSuccess || backup->deleted_at || backup->deleting)
    throw Error(ErrorKind::kBadInput, named.id + " cannot be pinned: it is not a completed backup");
}

int set_pinned(Call& call, bool pinned) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (pinned) require_there(call, backup);
  stop_here("pin");
  const auto change = [&](bool wanted) {
    call.state.settings.change([&](Settings& settings) {
      wanted ? void(settings.pins.insert(backup.text())) : void(settings.pins.erase(backup.text()));
    });
  };
  change(pinned);
  try {
    // Pins are checked by a removal after its mark in the row; here the row is read after the pin:
    // one of the two sees the other.
    if (pinned) require_there(call, backup);
  } catch (const Error&) {
    change(false);
    throw;
  }
  log::result(backup.id +
              (pinned ? " is pinned; to unpin it: " + command("unpin") + " " + backup.text()
                      : " is no longer pinned"));
  if (call.json) print_json({{"id", backup.id}, {"pinned", pinned}});
  return 0;
}

}  // namespace

Verb pin_verb() {
  return {"pin",  "<backup>", "keep a backup regardless of retention",
          {1, 1}, {},         [](Call& call) { return set_pinned(call, true); },
          false,  true};
}

Verb unpin_verb() {
  return {"unpin", "<backup>", "let retention remove a backup again",
          {1, 1},  {},         [](Call& call) { return set_pinned(call, false); },
          false,   true};
}

}  // namespace backups
