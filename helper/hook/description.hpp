#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hook/hook.hpp"

namespace backups {

/// An artifact that a hook can export.
struct PlannedArtifact {
  std::string name;
  std::string kind;
  std::string opens_with;  ///< shell words that read the plain dump on stdin
  std::string minimum_client;
  std::string starts_with;  ///< the first bytes of every good one
  std::string inspector;    ///< checks whether it is complete (inspect/inspector.hpp)
  bool auxiliary = false;   ///< not what a person means by "the dump": roles and the like
  std::string extra;        ///< JSON object of the members that the helper does not know
};

/// A source as its `describe` hook sees it (helper/README.md, "Hooks").
struct Description {
  enum class State { kRunning, kPaused, kStopped, kRestarting, kCreated, kDead, kMissing };
  State state = State::kMissing;
  std::string reason;  ///< a clause that says what to do, unless it is running; may be empty
  std::string engine;
  std::string version;
  std::string image;
  std::string image_id;
  std::string identity;
  std::uint64_t size = 0;     ///< bytes of data now, an estimate
  std::uint64_t staging = 0;  ///< bytes that export needs in the state directory
  std::string place;          ///< the directory in which a restore stages; may be empty
  bool beside = true;   ///< false if, by its type, a restore can only write into the live data
  bool atomic = false;  ///< a failed restore in place leaves the live data unchanged
  std::vector<std::string> contents;
  std::vector<std::string> warnings;  ///< what a backup will not contain
  std::string keeps;                  ///< what a restore leaves unchanged; may be empty
  std::string failure;  ///< if not `beside`: what a failed import leaves; may be empty
  std::vector<PlannedArtifact> artifacts;

  /// False for a missing source, and for one that can be restored into but contains nothing yet:
  /// the path of a missing file.
  bool exists() const;
};

/// Calls `describe` of the source's type, or of `hooks`. Throws Error.
Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
                     const Timeouts& timeouts = kShortTimeouts);
Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
                     const HookSet& hooks, const Timeouts& timeouts = kShortTimeouts);

/// Throws Error, kFailed, unless the `import` of the same hooks takes the kinds of all artifacts:
/// otherwise the backup could not be restored.
void require_restorable(const Hooks& installed, const Description& description,
                        const Source& source);

/// The rest of a sentence: "is running", "is paused".
std::string state_words(const Description& description);

/// Throws Error, kNotFound, kStopped or kPaused, unless it is running.
void require_running(const Description& description, const Source& source);

}  // namespace backups
