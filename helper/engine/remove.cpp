#include "engine/remove.hpp"

#include <algorithm>

#include "engine/writer.hpp"
#include "model/backup_id.hpp"
#include "sys/clock.hpp"

namespace backups {

void remove_backup(State& state, const Backup& backup) {
  state.catalog().mark_deleting(backup);
  state.local().remove(key_of(backup.source, manifest_file(backup.id)));
  discard_files(state, backup.source, backup.id);
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
