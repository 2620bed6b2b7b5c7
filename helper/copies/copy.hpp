#pragma once

#include <functional>
#include <string>

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "host/state.hpp"

namespace backups {

/// Thrown by what try_copies() calls: no other copy would help.
class StopFallback : public Error {
 public:
  explicit StopFallback(const Error& error) : Error(error.kind(), error.what()) {}
};

/// Calls `use` with the nearest target that has a good copy, and with the next one where that turns
/// out to be damaged or cannot be reached, which is said and recorded. Throws what `use` threw
/// last. `except` names a target that is not asked.
void try_copies(State& state, const Backup& backup,
                const std::function<void(Store&, const std::string& target)>& use,
                const std::string& except = {});

/// The place of a backup's copy on a target, below the name of the host that its row says.
Store& store_of(State& state, const Backup& backup, const std::string& target);

/// The committed manifest of a copy, checked against what is known of the backup. Throws Error,
/// kDamaged; one that is not what was backed up is alerted.
Manifest known_manifest(State& state, Store& store, const Backup& backup,
                        const std::string& target);

/// False when a manifest of that backup is another one than was written.
bool is_known_manifest(const Backup& backup, const Manifest& manifest);
/// Alerts that a copy was replaced by another; returns what there is to say of it.
std::string tell_tampering(State& state, const Backup& backup, const std::string& target);

/// The target of the nearest copy that should be there, `local` when there is none.
std::string nearest(const Backup& backup);

/// Throws Error, kNotFound, unless there was a copy on `target` that is not deleted.
void require_copy(const Backup& backup, const std::string& target);

/// Records that a copy is damaged, if that is what `error` says.
void mark_damage(State& state, const Backup& backup, const std::string& target, const Error& error);

/// The committed manifest, from whichever copy has it.
Manifest any_manifest(State& state, const Backup& backup);

enum class Pushed {
  kCopied,
  kAdopted,  ///< the very same backup was there already
};

/// Copies a backup to another target, below the name of the host that made it: artifacts first,
/// every byte checked on the way. One that does not reach the end removes what it has written, and
/// nothing else. Another backup under the same name is left as it is: Error, kRefused. The copy's
/// row says what became of it. While it works there is a Copying of it. Throws Error.
Pushed push_backup(State& state, const Backup& backup, const std::string& target,
                   const Progress& progress);

/// Once a copy's manifest is written: its row, whose rights made it, and the note for a person who
/// has nothing but the bucket.
void record_copy(State& state, const Backup& backup, const std::string& target,
                 const std::string& host, const std::string& etag);

}  // namespace backups
