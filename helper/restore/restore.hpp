#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "hook/description.hpp"
#include "host/state.hpp"
#include "restore/loader.hpp"

namespace backups {

/// What to restore, into which source, and what the caller accepts.
struct RestoreRequest {
  Backup backup;
  Source target;
  bool in_place = false;
  bool ignore_version_mismatch = false;
  /// Restore even if objects that guard the data are lost (LostObject::Kind).
  bool accept_incomplete = false;
  /// Called before the swap with the objects that cannot be restored but can be re-created, unless
  /// accept_incomplete is set. It may throw Error to end the restore, with the target unchanged.
  std::function<void(const std::vector<LostObject>&)> approve{};
};

/// The locks of the sources that a restore writes to and reads from, acquired by
/// lock_for_restore(), which also cleans up after interrupted operations.
struct RestoreLocks {
  Lock target;
  std::optional<Lock> source;  ///< if it is not the target
};

/// Restores a backup. Holds the locks of its source and of the target as long as it exists. The
/// steps, in this order: the constructor, require_disk_space(), verify(), rehearse(),
/// make_safety_backup(), apply(). All but verify() and apply() may be omitted. Only for the main
/// thread.
///
/// The target is unchanged until apply(), and also if apply() fails, unless the live data had to be
/// replaced: then the safety backup is restored (restore/rollback.hpp).
class Restore {
 public:
  /// Reads the manifest, describes the target and checks that the restore is possible. Changes
  /// nothing but the run. Throws Error: kNotFound if the backup was deleted or the target does not
  /// exist, kStopped or kPaused if the target does not run, kRefused if its server is older.
  Restore(State& state, RestoreRequest request, RestoreLocks locks);

  const Manifest& manifest() const { return manifest_; }
  const Description& target() const { return target_; }
  RestoreMethod method() const;

  /// The bytes that the restored data is likely to need next to the live data, and those free
  /// there; nothing if the hook does not report where that is.
  std::uint64_t space_needed() const;
  std::optional<std::uint64_t> space_free() const;
  /// Throws Error, kNoSpace. Restores in place need no space.
  void require_disk_space() const;

  /// Reads every byte of the nearest good copy and compares the digests. rehearse() and apply() use
  /// that copy. Throws Error, kDamaged if no copy is good.
  void verify(const Progress& progress);

  /// What rehearse() restores into a staging area before live data is replaced in place: nothing,
  /// everything but the rows, or everything if there is disk space for it.
  enum class Rehearsal { kNone, kStructure, kWhole };
  Rehearsal rehearsal() const;

  /// If the live data is going to be replaced: lets the hooks try as much of the restore as is
  /// possible without changing it. Does nothing for a swap, or if the hooks cannot. Throws Error.
  void rehearse(const Progress& progress);

  /// Backs the target up, to `local`, so that apply() can be undone. Throws Error; then nothing was
  /// restored.
  Manifest make_safety_backup(const Progress& progress);

  /// Replaces the contents of the target and records the restore. Throws Error, whose message
  /// states which data the target has then.
  void apply(const Progress& progress);

  /// The objects that apply() could not restore.
  std::vector<LostObject> lost() const { return log_.lost(); }

 private:
  void check_engine() const;
  void check_losses() const;

  State& state_;
  RestoreRequest request_;
  RestoreLocks locks_;
  Run run_;
  HookLog log_;
  Manifest manifest_;
  HookSet hooks_;           // that take the kinds of the backup
  Store* store_ = nullptr;  // of the copy that verify() found good; owned by state_.targets
  Description target_;
  std::optional<Manifest> safety_;
};

}  // namespace backups
