#include <nlohmann/json.hpp>

#include "backup/run_backup.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/verify.hpp"
#include "host/targets.hpp"
#include "lifecycle/recover.hpp"

namespace backups {
namespace {

int push(Call& call) {
  const Backup named = call.resolver.backup(call.word(0));
  const auto target = call.options.value("target");
  if (!target) throw Error(ErrorKind::kBadInput, "--target is required");
  require_targets(call.state.settings.read(), {*target});
  Lock lock = lock_source(call.state, named.source, "push");
  // Reads it again under the lock: another command may have copied or deleted it.
  const Backup backup = *call.state.catalog.open().find(named.source.type, named.id);
  require_content(backup);
  log::step("Copying " + backup.id + " to " + *target);
  const Pushed pushed = run_copy(call.state, std::move(lock), backup, *target, make_progress());
  log::result(pushed == Pushed::kAdopted
                  ? backup.id + " is already on " + *target + ": nothing was copied"
                  : backup.id + " was copied to " + *target);
  if (call.json) print_json({{"id", backup.id}, {"target", *target}, {"status", "success"}});
  return 0;
}

}  // namespace

Verb push_verb() {
  return {"push",
          "<backup> --target NAME",
          "copy a backup to another target",
          {1, 1},
          {{"target", "NAME", "the target to copy to"}},
          push};
}

}  // namespace backups
