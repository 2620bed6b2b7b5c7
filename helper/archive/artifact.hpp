#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "catalog/catalog.hpp"
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

/// The shell words that read the plain dump of an artifact on stdin. For a kind that this version
/// does not know, the hook of the type is asked; the manifest, which may come from anybody, is
/// never used.
std::string reader_for(const Hooks& installed, const Paths& paths, const Source& source,
                       const Artifact& artifact);

/// The command that downloads an artifact from any copy and opens it with standard tools, as
/// printed by `info` and in errors of a restore. Throws as stages_of() does.
std::string download_command(const Hooks& installed, const Paths& paths, const Manifest& manifest,
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
