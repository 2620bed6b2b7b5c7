#pragma once

#include <memory>

#include "stream/sink.hpp"

namespace backups {

/// The functions of the stage "gzip" (stream/stage.hpp): RFC 1952, by zlib. The decompressor reads
/// files of several members.
std::unique_ptr<Sink> make_gzip_compressor(int level, Sink& next);
std::unique_ptr<Sink> make_gzip_decompressor(Sink& next);

}  // namespace backups
