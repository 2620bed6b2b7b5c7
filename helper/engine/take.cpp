#include "engine/take.hpp"

#include "engine/alert.hpp"
#include "engine/metrics.hpp"

namespace backups {

Created take_backup(State& state, const CreateRequest& request, const Progress& progress) {
  try {
    Created created = create_backup(state, request, progress);
    tell_outcome(state, request, created);
    write_metrics(state);
    return created;
  } catch (const Error& error) {
    tell_outcome(state, request, error);
    write_metrics(state);
    throw;
  }
}

Pushed take_copy(State& state, const Backup& backup, const std::string& target,
                 const Progress& progress) {
  try {
    const Pushed pushed = push_backup(state, backup, target, progress);
    tell_copy(state, backup.source, backup.id, target, nullptr);
    write_metrics(state);
    return pushed;
  } catch (const Error& error) {
    tell_copy(state, backup.source, backup.id, target, &error);
    write_metrics(state);
    throw;
  }
}

}  // namespace backups
