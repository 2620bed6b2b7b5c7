#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "engine/copy.hpp"
#include "engine/remove.hpp"

namespace backups {
namespace {

bool is_only_copy(const Backup& backup, const std::string& target) {
  return std::none_of(backup.copies.begin(), backup.copies.end(), [&](const Copy& copy) {
    return copy.status == "success" && copy.target != target;
  });
}

/// `whole`: nothing of it remains.
void confirm_deletion(Call& call, const Backup& backup, bool whole) {
  const bool forced =
      call.options.flag("force") || std::getenv("DOKKU_APPS_FORCE_DELETE") != nullptr;
  // Not even --force: a script that repeats itself must not take the last way back unnamed.
  const bool last = whole && is_last_good(call.state, backup);
  if (forced && !last) return;
  confirm({.warning = last ? "This deletes the only good backup of " + backup.source.spelling() +
                                 ", " + backup.id + (forced ? ": --force does not cover that" : "")
                           : "This deletes backup " + backup.id,
           .answers = {backup.id, backup.text()},
           .command = as_typed(call.options),
           .forceable = !last});
}

int remove(Call& call) {
  const Backup backup = call.resolver.backup(call.word(0));
  if (backup.deleted_at) throw Error(ErrorKind::kNotFound, backup.id + " was deleted before");
  if (backup.status == "in-progress")
    throw Error(ErrorKind::kBusy,
                backup.id + " is not finished yet: backups:cancel " + backup.source.spelling());
  if (call.state.settings().pins.contains(backup.text()))
    throw Error(ErrorKind::kRefused, backup.id + " is kept: backups:unkeep it first");
  const auto target = call.options.value("target");
  if (target) require_copy(backup, *target);
  confirm_deletion(call, backup, !target || is_only_copy(backup, *target));
  const Lock lock = call.state.lock(backup.source, "delete");
  if (target) {
    remove_copy(call.state, backup, *target);
    log::result("The copy of " + backup.id + " on " + *target + " is deleted");
  } else {
    remove_backup(call.state, backup);
    log::result("Backup " + backup.id + " is deleted");
  }
  if (call.json) print_json({{"id", backup.id}, {"status", "deleted"}});
  return 0;
}

}  // namespace

Verb delete_verb() {
  return {"delete",
          "<backup> [--target NAME] [--force]",
          "delete the files of a backup and keep its entry",
          {1, 1},
          {{"target", "NAME", "only the copy there"},
           {"force", nullptr,
            "don't ask (the only good backup asks all the same: type or pipe its id)"}},
          remove,
          false,
          true};
}

}  // namespace backups
