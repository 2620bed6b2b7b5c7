#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "hook/description.hpp"
#include "host/environment.hpp"
#include "host/paths.hpp"
#include "model/manifest.hpp"
#include "store/store.hpp"
#include "stream/sink.hpp"
#include "stream/stage.hpp"

namespace backups {

/// Called repeatedly with the state of an operation: what it does, bytes done, and bytes expected
/// (0 if unknown).
using Progress =
    std::function<void(const std::string& doing, std::uint64_t done, std::uint64_t expected)>;

/// The stages of a backup's artifacts. Throws Error, kFailed, for a stage that this version does
/// not support, or one that is repeated, which no version writes.
Stages stages_of(const Manifest& manifest);

/// What reads the plain dumps of a source: for a kind that this version does not know what the hook
/// of the type says, never what a manifest does, which may come from anybody. As the writer of a
/// manifest has it (archive/writer.cpp). What is passed in must outlive this.
class Readers {
 public:
  Readers(const Hooks& installed, const Paths& paths, const Source& source)
      : installed_(installed), paths_(paths), source_(source) {}

  /// Shell words with the dump on stdin. The hook is asked once at most, and for seconds only,
  /// since Docker may hang: without its answer the words keep the dump as a file, which is
  /// reported.
  std::string of(const Artifact& artifact);

 private:
  const std::vector<PlannedArtifact>& planned();

  const Hooks& installed_;
  const Paths& paths_;
  const Source& source_;
  std::optional<std::vector<PlannedArtifact>> planned_;
};

/// The last way back: from any copy, with nothing but standard tools behind the pipe. As `info`
/// prints it, and errors of a restore do. Throws as stages_of() does.
std::string download_command(const Paths& paths, Readers& readers, const Manifest& manifest,
                             const Artifact& artifact);

/// Writes the plain bytes of an artifact to `raw`, without finishing it, and checks both digests
/// and sizes. Throws Error, kDamaged, naming the file; what was written to `raw` must not be used
/// then.
void read_artifact(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& raw,
                   const Progress& progress);

/// Like read_artifact(), for the stored bytes.
void read_stored(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& stored,
                 const Progress& progress);

/// Reads and checks all artifacts and discards the bytes. Throws Error, kDamaged.
void verify_artifacts(Store& store, const Manifest& manifest, const Progress& progress);

}  // namespace backups
