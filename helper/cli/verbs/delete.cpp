#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/copy.hpp"
#include "copies/remove.hpp"
#include "host/run.hpp"
#include "host/stop_here.hpp"
#include "lifecycle/recover.hpp"

namespace backups {
namespace {

bool is_only_copy(const Backup& backup, const std::string& target) {
  return std::none_of(backup.copies.begin(), backup.copies.end(), [&](const Copy& copy) {
    return copy.status == CopyStatus::kSuccess && copy.target != target;
  });
}

/// The named backup, read again under the lock.
struct Deletion {
  Backup backup;
  std::optional<std::string> target;  ///< delete only the copy on this target
  bool last;  ///< it is the only good backup of its source, and nothing of it would remain
};

[[noreturn]] void refuse_unfinished(Call& call, const Backup& backup) {
  std::vector<Backup> shown = {backup};
  show_interrupted(call.state.paths, shown);
  if (shown.front().status == BackupStatus::kInProgress)
    throw Error(ErrorKind::kBusy, backup.id + " is still running; to stop it: " +
                                      command("cancel") + " " + backup.source.spelling());
  throw Error(ErrorKind::kBusy, backup.id +
                                    " was interrupted, and its leftover files on the target are "
                                    "not removed yet. That happens within a day; to do it now: " +
                                    command("prune") + " " + backup.source.spelling());
}

Deletion plan_deletion(Call& call, const Backup& named) {
  const auto found = call.state.catalog.open().find(named.source.type, named.id);
  if (!found) throw Error(ErrorKind::kNotFound, "backup " + named.id + " not found");
  if (found->deleted_at) throw Error(ErrorKind::kNotFound, named.id + " was already deleted");
  if (found->status == BackupStatus::kInProgress) refuse_unfinished(call, *found);
  require_no_pin(call.state.paths, call.state.settings, *found);
  const auto target = call.options.value("target");
  if (target) require_copy(*found, *target);
  const bool whole = !target || is_only_copy(*found, *target);
  return {*found, target, whole && is_last_good(call.state.catalog.open(), *found)};
}

void confirm_deletion(Call& call, const Deletion& deletion) {
  const Backup& backup = deletion.backup;
  const bool forced =
      call.options.flag("force") || std::getenv("DOKKU_APPS_FORCE_DELETE") != nullptr;
  // Not even with --force: a repeated script must not delete the only good backup without naming
  // it.
  if (forced && !deletion.last) return;
  confirm({.warning = deletion.last
                          ? "This deletes the only good backup of " + backup.source.spelling() +
                                ", " + backup.id + (forced ? ": --force does not cover that" : "")
                          : "This deletes backup " + backup.id,
           .answers = {backup.id, backup.text()},
           .command = as_typed(call.options),
           .forceable = !deletion.last});
}

int remove(Call& call) {
  const Backup named = call.resolver.backup(call.word(0));
  const Deletion before = plan_deletion(call, named);
  confirm_deletion(call, before);
  stop_here("delete");
  const Lock lock = lock_source(call.state, named.source, "delete");
  const Deletion deletion = plan_deletion(call, named);
  if (deletion.last && !before.last)
    throw Error(ErrorKind::kRefused, named.id + " has become the only good backup of " +
                                         named.source.spelling() +
                                         " meanwhile: nothing was deleted");
  State& state = call.state;
  const Remover remover(state.paths, state.settings, state.identity, state.targets, state.catalog);
  if (deletion.target) {
    remover.remove_copy(deletion.backup, *deletion.target);
    log::result("The copy of " + named.id + " on " + *deletion.target + " is deleted");
  } else {
    remover.remove_backup(deletion.backup);
    log::result("Backup " + named.id + " is deleted");
  }
  state.events.publish(BackupsChanged{});
  if (call.json) print_json({{"id", named.id}, {"status", "deleted"}});
  return 0;
}

}  // namespace

Verb delete_verb() {
  return {"delete",
          "<backup> [--target NAME] [--force]",
          "delete the files of a backup and keep its entry",
          {1, 1},
          {{"target", "NAME", "delete only the copy on this target"},
           {"force", nullptr,
            "do not ask for confirmation (the only good backup asks in any case: type or pipe its "
            "id)"}},
          remove,
          false,
          true};
}

}  // namespace backups
