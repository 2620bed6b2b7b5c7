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

struct RestoreRequest {
  Backup backup;
  Source target;
  bool in_place = false;
  bool ignore_version_mismatch = false;
  /// Also without objects that guard something (LostObject::Kind).
  bool accept_incomplete = false;
  /// Called before the swap when objects are lost that can be made again, unless those were
  /// accepted anyway. Throws Error to end the restore there, with the target as it was.
  std::function<void(const std::vector<LostObject>&)> approve{};
};

/// Those of the sources that a restore writes to and reads from, where what dead runs left of them
/// is cleaned up (lock_for_restore()).
struct RestoreLocks {
  Lock target;
  std::optional<Lock> source;  ///< where it is another one
};

/// Puts a backup back. Holds the locks of its source and of the target. The
/// target is untouched until apply(), and whole whenever that fails, unless the live data had to be
/// replaced: then the safety backup goes back (restore/rollback.hpp).
class Restore {
 public:
  /// Reads the manifest, describes the target and checks that it can be done at all. Throws Error.
  Restore(State& state, RestoreRequest request, RestoreLocks locks);

  const Manifest& manifest() const { return manifest_; }
  const Description& target() const { return target_; }
  Way way() const;

  /// Bytes that the copy beside the live one is likely to take, and those free where it goes
  /// (nothing when the hook does not say where).
  std::uint64_t space_needed() const;
  std::optional<std::uint64_t> space_free() const;
  /// Throws Error, kNoSpace. Restores in place need none.
  void require_disk_space() const;

  /// Reads and checks every byte of the nearest good copy, which apply() then takes. Throws Error,
  /// kDamaged.
  void verify(const Progress& progress);

  /// What rehearse() tries beside live data that is to be replaced in place.
  enum class Rehearsal { kNone, kStructure, kWhole };
  Rehearsal rehearsal() const;

  /// Where the live data will be replaced: has the hooks try whatever of that can be tried without
  /// touching it. After verify(). Throws Error.
  void rehearse(const Progress& progress);

  /// A backup of what is there now.
  Manifest make_safety_backup(const Progress& progress);

  void apply(const Progress& progress);

  /// What apply() could not put back.
  std::vector<LostObject> lost() const { return log_.lost(); }

 private:
  void check_engine() const;
  void judge_losses() const;

  State& state_;
  RestoreRequest request_;
  RestoreLocks locks_;
  Run run_;
  HookLog log_;
  Manifest manifest_;
  HookSet hooks_;           // that take what is in the backup
  Store* store_ = nullptr;  // of the copy that verify() found good
  Description target_;
  std::optional<Manifest> safety_;
};

}  // namespace backups
