#pragma once

#include <memory>

#include "stream/sink.hpp"

namespace backups {

/// The functions of the stage "zstd" (stream/stage.hpp): RFC 8878 with a checksum. Compresses in up
/// to 4 threads with jobs of 2 MiB, so that memory stays below 30 MiB on any machine.
std::unique_ptr<Sink> make_zstd_compressor(int level, Sink& next);
std::unique_ptr<Sink> make_zstd_decompressor(Sink& next);

}  // namespace backups
