#include "engine/remove.hpp"

#include <algorithm>

#include "engine/copy.hpp"
#include "engine/writer.hpp"
#include "model/backup_id.hpp"
#include "sys/clock.hpp"

namespace backups {

void remove_copy(State& state, const Backup& backup, const std::string& target) {
  discard_files(store_of(state, backup, target), backup.source, backup.id);
  state.catalog().mark_copy(backup, {target, "deleted", "", {}});
}

void remove_backup(State& state, const Backup& backup) {
  state.catalog().mark_deleting(backup);
  for (const auto& copy : backup.copies) {
    if (copy.status != "deleted") remove_copy(state, backup, copy.target);
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
    return other.id != backup.id && other.trigger != "safety" && !other.deleting &&
           other.has_good_copy();
  });
}

}  // namespace backups
