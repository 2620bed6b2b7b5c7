#include "stream/compress.hpp"

#include "stream/gzip.hpp"
#include "stream/zstd.hpp"

namespace backups {

std::unique_ptr<Sink> make_compressor(const Codec& codec, Sink& next) {
  switch (codec.kind) {
    case Codec::Kind::kGzip:
      return make_gzip_compressor(codec.level, next);
    case Codec::Kind::kZstd:
      return make_zstd_compressor(codec.level, next);
    case Codec::Kind::kNone:
      break;
  }
  return nullptr;
}

std::unique_ptr<Sink> make_decompressor(Codec::Kind kind, Sink& next) {
  switch (kind) {
    case Codec::Kind::kGzip:
      return make_gzip_decompressor(next);
    case Codec::Kind::kZstd:
      return make_zstd_decompressor(next);
    case Codec::Kind::kNone:
      break;
  }
  return nullptr;
}

}  // namespace backups
