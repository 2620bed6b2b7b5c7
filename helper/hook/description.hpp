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
  std::string starts_with;  ///< every good one begins with these bytes
  std::string inspector;    ///< what judges whether it is complete (inspect/inspector.hpp)
  bool auxiliary = false;   ///< not what a person means by "the dump": roles and the like
  std::string extra;        ///< JSON object of what the helper does not know
};

/// A source as its `describe` hook sees it (helper/README.md, "Hooks").
struct Description {
  enum class State { kRunning, kPaused, kStopped, kRestarting, kCreated, kDead, kMissing };
  State state = State::kMissing;
  std::string reason;  ///< of a state but running: a clause that says what to do; may be empty
  std::string engine;
  std::string version;
  std::string image;
  std::string image_id;
  std::string identity;
  std::uint64_t size = 0;     ///< bytes of data now, an estimate
  std::uint64_t staging = 0;  ///< bytes of room that export needs below the state directory
  std::string place;          ///< where a restore makes its copy; may be empty
  bool beside = true;         ///< by its type; false: a restore can only write into the live data
  bool atomic = false;        ///< a restore in place that fails leaves the live data whole
  std::vector<std::string> contents;
  std::vector<std::string> warnings;  ///< what a backup of it will not hold
  std::string keeps;                  ///< what a restore leaves as it finds it; may be empty
  std::string failure;  ///< where not `beside`: what an import that fails leaves; may be empty
  std::vector<PlannedArtifact> artifacts;

  /// False for what is missing, and for what can be restored into but holds nothing yet: the path
  /// of a file that is not there.
  bool exists() const;
};

/// Asks the hooks of the source's type, or `hooks`. Throws Error.
Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source);
Description describe(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
                     const HookSet& hooks);

/// Throws Error, kFailed, unless every artifact is of a kind that the `import` of the same hooks
/// takes: no restore could be dispatched for it.
void require_restorable(const Hooks& installed, const Description& description,
                        const Source& source);

/// "is running", "is paused": the rest of a sentence.
std::string state_words(const Description& description);

/// Throws Error, kNotFound, kStopped or kPaused, unless it runs.
void require_running(const Description& description, const Source& source);

}  // namespace backups
