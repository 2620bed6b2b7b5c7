#pragma once

#include <memory>

#include "stream/sink.hpp"

namespace backups {

/// As a Stage (stream/stage.hpp) does it: gzip (RFC 1952) by zlib.
std::unique_ptr<Sink> make_gzip_compressor(int level, Sink& next);
std::unique_ptr<Sink> make_gzip_decompressor(Sink& next);

}  // namespace backups
