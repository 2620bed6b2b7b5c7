#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "engine/artifact.hpp"
#include "engine/description.hpp"
#include "engine/state.hpp"

namespace backups {

/// Makes the files of one backup: artifacts first, the manifest last (helper/FORMAT.md). Destroyed
/// without commit(), it removes what it made.
class Writer {
 public:
  /// Into `target`. `manifest` says everything but its artifacts and its end.
  Writer(State& state, const std::string& target, Manifest manifest, Codec codec,
         std::size_t artifacts, Progress progress);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// `produce` writes the plain bytes and returns only if they are all there. Throws Error when it
  /// does, when nothing was written, or when it does not begin as such an artifact does.
  void add(const PlannedArtifact& planned, const std::function<void(Sink&)>& produce);

  /// Returns what was committed. `suspicion` tells of a manifest why it is suspect.
  Manifest commit(const HookLog& log,
                  const std::function<std::string(const Manifest&)>& suspicion = {});

 private:
  std::string file_name(const PlannedArtifact& planned) const;

  State& state_;
  std::string target_;
  Store& store_;
  Manifest manifest_;
  Codec codec_;
  std::size_t artifacts_;
  Progress progress_;
  bool committed_ = false;
};

/// What makes a backup of the files beside it. Throws Error, kRefused, where the place can tell
/// that it has one already.
void write_manifest(Store& store, const Manifest& manifest);

/// Removes everything that a place has of a backup: the manifest first, since it says that the
/// others are there. Throws Error.
void discard_files(Store& store, const Source& source, const std::string& id);

}  // namespace backups
