#pragma once

#include <memory>

#include "stream/sink.hpp"

namespace backups {

/// See compress.hpp.
std::unique_ptr<Sink> make_zstd_compressor(int level, Sink& next);
std::unique_ptr<Sink> make_zstd_decompressor(Sink& next);

}  // namespace backups
