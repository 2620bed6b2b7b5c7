#pragma once

#include <memory>

#include "model/codec.hpp"
#include "stream/sink.hpp"

namespace backups {

/// Compresses what is written into `next`. gzip (RFC 1952) by zlib; zstd (RFC 8878) with a
/// checksum, by up to 4 threads with jobs of 2 MiB, so that memory stays below 30 MiB on any
/// machine. Nothing for Codec::kNone: write to `next` itself.
std::unique_ptr<Sink> make_compressor(const Codec& codec, Sink& next);

/// The reverse. Input that is damaged or cut short is an Error of kind kDamaged.
std::unique_ptr<Sink> make_decompressor(Codec::Kind kind, Sink& next);

}  // namespace backups
