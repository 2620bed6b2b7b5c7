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

/// Told now and then how far an operation is: what it does, bytes done, bytes expected (0:
/// unknown).
using Progress =
    std::function<void(const std::string& doing, std::uint64_t done, std::uint64_t expected)>;

/// What was done to the bytes of its artifacts. Throws Error, kFailed, for a stage that this
/// version does not support, and for one that stands there twice: no version writes that.
Stages stages_of(const Manifest& manifest);

/// The shell words that read the plain dump of an artifact on stdin: for a kind that this version
/// does not know what the hook of the type says, never what a manifest does, which may come from
/// anybody. As the writer of a manifest has it (archive/writer.cpp).
std::string reader_for(const Hooks& installed, const Paths& paths, const Source& source,
                       const Artifact& artifact);

/// The last way back: from any copy, with nothing but standard tools behind the pipe. As `info`
/// prints it, and errors of a restore do. Throws as stages_of() does.
std::string download_command(const Hooks& installed, const Paths& paths, const Manifest& manifest,
                             const Artifact& artifact);

/// Writes the plain bytes of an artifact to `raw`, without finishing it, and checks both digests
/// and lengths. Throws Error, kDamaged, naming the file; what went to `raw` must not be used then.
void read_artifact(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& raw,
                   const Progress& progress);

/// The same for the bytes as they are stored.
void read_stored(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& stored,
                 const Progress& progress);

/// Reads everything once and keeps nothing. Throws Error, kDamaged.
void verify_artifacts(Store& store, const Manifest& manifest, const Progress& progress);

}  // namespace backups
