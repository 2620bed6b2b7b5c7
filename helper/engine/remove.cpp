#include "engine/remove.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "engine/copy.hpp"
#include "engine/writer.hpp"
#include "model/target.hpp"
#include "sys/clock.hpp"

namespace backups {

void remove_copy(State& state, const Backup& backup, const std::string& target) {
  discard_files(store_of(state, backup, target), backup.source, backup.id);
  state.catalog().mark_copy(backup, {target, "deleted", "", {}});
}

void remove_backup(State& state, const Backup& backup) {
  state.catalog().mark_deleting(backup);
  const Settings settings = state.settings();
  for (const auto& copy : backup.copies) {
    if (copy.status == "deleted") continue;
    if (copy.target == kLocalTarget || settings.targets.contains(copy.target)) {
      remove_copy(state, backup, copy.target);
    } else {
      log::warn("The copy of " + backup.id + " on " + copy.target +
                " stays where it is: that target was removed");
    }
  }
  state.catalog().mark_deleted(backup, now());
  state.catalog().record(backup, "deleted", "", now());
}

bool is_last_good(State& state, const Backup& backup) {
  if (backup.status != "success") return false;
  Catalog::Filter filter;
  filter.source = backup.source;
  filter.status = "success";
  const auto good = state.catalog().list(filter);
  return std::none_of(good.begin(), good.end(), [&](const Backup& other) {
    return other.id != backup.id && !other.is_spare() && other.suspect.empty() && !other.deleting &&
           other.has_good_copy();
  });
}

}  // namespace backups
