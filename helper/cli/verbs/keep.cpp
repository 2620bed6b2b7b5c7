#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "sys/stop_here.hpp"

namespace backups {
namespace {

void require_there(Call& call, const Backup& named) {
  const auto backup = call.state.catalog().find(named.source.type, named.id);
  if (!backup || backup->status != "success" || backup->deleted_at || backup->deleting)
    throw Error(ErrorKind::kBadInput, named.id + " holds nothing to keep");
}

int set_kept(Call& call, bool kept) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (kept) require_there(call, backup);
  stop_here("keep");
  const auto change = [&](bool wanted) {
    call.state.change_settings([&](Settings& settings) {
      wanted ? void(settings.pins.insert(backup.text())) : void(settings.pins.erase(backup.text()));
    });
  };
  change(kept);
  try {
    // Whoever removes it looks at the pins once its row says so: one of the two sees the other.
    if (kept) require_there(call, backup);
  } catch (const Error&) {
    change(false);
    throw;
  }
  log::result(backup.id + (kept ? " is kept until dokku backups:unkeep" : " is no longer kept"));
  if (call.json) print_json({{"id", backup.id}, {"kept", kept}});
  return 0;
}

}  // namespace

Verb keep_verb() {
  return {"keep", "<backup>", "keep a backup whatever retention says",
          {1, 1}, {},         [](Call& call) { return set_kept(call, true); },
          false,  true};
}

Verb unkeep_verb() {
  return {"unkeep", "<backup>", "leave a backup to retention again",
          {1, 1},   {},         [](Call& call) { return set_kept(call, false); },
          false,    true};
}

}  // namespace backups
