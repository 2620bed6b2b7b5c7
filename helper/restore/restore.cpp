#include "restore/restore.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/job_marks.hpp"
#include "copies/copy.hpp"
#include "copies/verify.hpp"
#include "host/version.hpp"
#include "restore/rollback.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {

namespace {

/// An empty database needs this much for its catalogue and its log.
constexpr std::uint64_t kLeastBeside = 16 * 1024 * 1024;

/// Reads the backup again under the lock: it may have been deleted after a person chose it.
const Backup& reread(Catalog& catalog, Backup& backup) {
  if (auto current = catalog.find(backup.source.type, backup.id)) backup = std::move(*current);
  require_content(backup);
  return backup;
}

/// The hooks that take the kinds of the artifacts. A backup of the target may use others by now, if
/// the type has changed its method.
HookSet dispatch(const Hooks& installed, const Manifest& manifest, const Source& target) {
  if (manifest.source.type != target.type)
    throw Error(ErrorKind::kBadInput, "a backup of " + manifest.source.type +
                                          " cannot be restored into " + target.spelling());
  return hooks_for(installed, target.type, manifest.kinds());
}

}  // namespace

Restore::Restore(State& state, RestoreRequest request, RestoreLocks locks)
    : state_(state),
      request_(std::move(request)),
      locks_(std::move(locks)),
      run_(state.paths, kRestoreVerb, request_.target),
      log_(state.paths.log_file(request_.backup.source, request_.backup.id)),
      manifest_(any_manifest(state.targets, state.catalog, state.events,
                             reread(state.catalog.open(), request_.backup))),
      hooks_(dispatch(state.hooks, manifest_, request_.target)),
      target_(describe(state.hooks, run_, log_, request_.target, hooks_, kInteractiveTimeouts)) {
  run_.set_backup(request_.backup.id);
  run_.set_hooks(hooks_.directory);
  // The current data may be what an interrupted restore has left. The way back then is the safety
  // backup of that restore, not one that is taken now.
  for (const auto& dead : unfinished_replacements(state.paths, request_.target))
    if (run_.record().safety.empty() && !dead.safety.empty()) run_.set_safety(dead.safety);
  if (target_.state == Description::State::kMissing)
    throw Error(ErrorKind::kNotFound,
                "source " + request_.target.spelling() +
                    " not found: create an empty one first, or specify another with --into");
  require_running(target_, request_.target);
  check_engine();
}

/// Servers read dumps of older versions, but rarely those of newer ones.
void Restore::check_engine() const {
  const int from = major_version(manifest_.engine_version);
  const int to = major_version(target_.version);
  if (from <= to || to == 0 || request_.ignore_version_mismatch) return;
  throw Error(ErrorKind::kRefused, manifest_.id + " was made by " + manifest_.engine + " " +
                                       manifest_.engine_version + ", which is newer than the " +
                                       target_.version + " of " + request_.target.spelling() +
                                       ": restore it into a newer service with --into, or try "
                                       "anyway with --ignore-version-mismatch");
}

RestoreMethod Restore::method() const {
  if (request_.in_place) return target_.atomic ? RestoreMethod::kAtomic : RestoreMethod::kInPlace;
  return target_.beside ? RestoreMethod::kSwap : RestoreMethod::kReplace;
}

/// An estimate: indexes and the free space in pages come on top of the plain dump.
std::uint64_t Restore::space_needed() const {
  const std::uint64_t data = manifest_.raw_size() + manifest_.raw_size() / 4;
  return target_.beside ? std::max(data, kLeastBeside) : data;
}

std::optional<std::uint64_t> Restore::space_free() const {
  if (target_.place.empty()) return std::nullopt;
  return disk_space(target_.place).available;
}

void Restore::require_disk_space() const {
  const auto free = space_free();
  if (request_.in_place || !free || *free >= space_needed()) return;
  throw Error(ErrorKind::kNoSpace,
              "not enough disk space to " +
                  std::string(target_.beside ? "restore next to the live data"
                                             : "keep the dump until it is read") +
                  ": about " + human_size(space_needed()) + " needed, " + human_size(*free) +
                  " free at " + target_.place + ". Free disk space, or use --in-place");
}

/// Nothing is touched before the whole backup has been read once, so that damage found in the last
/// byte costs nothing but time. A damaged or unreachable copy falls back to the next.
void Restore::verify(const Progress& progress) {
  try_copies(state_.targets, state_.catalog, request_.backup,
             [&](Store& store, const std::string&) {
               verify_artifacts(store, manifest_, progress);
               store_ = &store;
             });
  state_.catalog.open().mark_verified(request_.backup, now());
}

/// A complete rehearsal must leave room for the restore that follows, hence twice the space.
Restore::Rehearsal Restore::rehearsal() const {
  if (method() != RestoreMethod::kInPlace || !has_hook(state_.hooks, hooks_, "rehearse"))
    return Rehearsal::kNone;
  const auto free = space_free();
  return free && *free >= 2 * space_needed() ? Rehearsal::kWhole : Rehearsal::kStructure;
}

/// A swap needs no rehearsal, since its staging fails before the live data is touched. Where that
/// data is replaced, whatever would fail halfway should fail here.
void Restore::rehearse(const Progress& progress) {
  if (method() == RestoreMethod::kSwap || !has_hook(state_.hooks, hooks_, "rehearse")) return;
  Loader loader(state_.hooks, state_.paths, run_, log_, request_.target, hooks_, method());
  if (method() == RestoreMethod::kInPlace) {
    loader.rehearse_beside(manifest_, *store_, rehearsal() == Rehearsal::kWhole, progress);
  } else {
    loader.rehearse(manifest_, *store_, progress);
  }
  check_losses();
  log_.forget_lost();
}

/// Decides whether a restore that has all rows, but not all objects, may go on. The loss of a
/// constraint or a policy is invisible afterwards, so it ends the restore unless a person accepted
/// it.
void Restore::check_losses() const {
  const auto lost = log_.lost();
  if (lost.empty() || request_.accept_incomplete) return;
  if (any_guarding(lost)) {
    std::vector<std::string> names;
    for (const auto& one : lost) {
      log::warn("Not restored: " + to_text(one));
      if (one.kind == LostObject::Kind::kGuarding) names.push_back(to_text(one));
    }
    throw Error(ErrorKind::kRefused,
                "nothing was restored, because " + request_.target.spelling() +
                    " would be less protected than before without these objects, which cannot be "
                    "restored: " +
                    join(names, "; ") +
                    ". To restore anyway, add --accept-incomplete and re-create them by hand");
  }
  if (request_.approve) request_.approve(lost);
}

/// Goes to `local` only: rolling back must not depend on a network. The first safety backup of a
/// chain of failed restores remains the way back.
Manifest Restore::make_safety_backup(const Progress& progress) {
  try {
    safety_ = create_backup(state_,
                            {request_.target,
                             Trigger::kSafety,
                             "before the restore of " + manifest_.id,
                             {kLocalTarget}},
                            progress);
    if (run_.record().safety.empty()) run_.set_safety(safety_->id);
    return *safety_;
  } catch (const Error& error) {
    throw Error(error.kind(), "nothing was restored, because the safety backup failed: " +
                                  std::string(error.what()) +
                                  ". To restore without one: --no-safety-backup");
  }
}

/// Loads the verified copy. A failure before the live data was changed ends here with the target
/// unchanged; a later one rolls back to the safety backup.
///
/// After the load the data is in place, and the rest must be recorded even if a person asks to
/// stop. The last step is the mark by which later backups are compared with the restored one
/// (backup/suspect.hpp).
void Restore::apply(const Progress& progress) {
  log_.note("restore into " + request_.target.spelling());
  Loader loader(state_.hooks, state_.paths, run_, log_, request_.target, hooks_, method(),
                [this] { check_losses(); });
  try {
    loader.load(manifest_, *store_, progress);
  } catch (const Error& error) {
    if (!loader.may_have_replaced()) throw;
    throw roll_back(state_.hooks, state_.paths, state_.targets.local(), run_, log_, request_.target,
                    hooks_, method(), safety_, error, progress);
  }
  const interrupt::Shield until_it_is_recorded(1);
  run_.set_replacing(false);
  forget_replacements(state_.paths, request_.target);
  state_.events.publish(ProblemSolved{{.kind = AlertKind::kRestore,
                                       .source = request_.target.text(),
                                       .backup = manifest_.id,
                                       .message = "restored from " + manifest_.id}});
  log_.note("restored into " + request_.target.spelling());
  state_.catalog.open().record(request_.backup, "restored", "into " + request_.target.spelling(),
                               now());
  for (const auto& one : log_.lost())
    state_.catalog.open().record(request_.backup, "not restored", to_text(one), now());
  JobMarks(state_.catalog.open().database())
      .mark_done(kReplaced + request_.target.text(), state_.catalog.open().next_sequence(now()));
}

}  // namespace backups
