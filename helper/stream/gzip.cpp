#include "stream/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/error.hpp"

namespace backups {
namespace {

constexpr std::size_t kBuffer = 256 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib.h: "add 16 to windowBits to write a gzip header"

/// Passes to zlib as much of `bytes` as fits its unsigned int counter. Returns that number.
uInt feed(z_stream& stream, std::string_view bytes) {
  const auto size = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(size);
  return stream.avail_in;
}

class GzipCompressor : public Sink {
 public:
  GzipCompressor(int level, Sink& next) : next_(next), buffer_(kBuffer) {
    if (deflateInit2(&stream_, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw Error(ErrorKind::kFailed, "zlib cannot compress");
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      bytes.remove_prefix(feed(stream_, bytes));
      while (stream_.avail_in > 0) deflate_some(Z_NO_FLUSH);
    }
  }

  void finish() override {
    feed(stream_, {});
    while (deflate_some(Z_FINISH) != Z_STREAM_END) {
    }
    next_.finish();
  }

 private:
  int deflate_some(int flush) {
    stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    const int code = deflate(&stream_, flush);
    if (code == Z_STREAM_ERROR) throw Error(ErrorKind::kFailed, "zlib cannot compress");
    next_.write({buffer_.data(), buffer_.size() - stream_.avail_out});
    return code;
  }

  Sink& next_;
  z_stream stream_{};
  std::vector<char> buffer_;
};

class GzipDecompressor : public Sink {
 public:
  explicit GzipDecompressor(Sink& next) : next_(next), buffer_(kBuffer) {
    if (inflateInit2(&stream_, kGzipWindow) != Z_OK)
      throw Error(ErrorKind::kFailed, "zlib cannot decompress");
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      bytes.remove_prefix(feed(stream_, bytes));
      inflate_all();
    }
  }

  void finish() override {
    if (!whole_) throw Error(ErrorKind::kDamaged, "the gzip data is truncated");
    next_.finish();
  }

 private:
  /// Decompresses until all input is consumed and no more output follows.
  void inflate_all() {
    do {
      if (whole_ && stream_.avail_in > 0)
        inflateReset(&stream_);  // the next member (RFC 1952 section 2.2)
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_.data());
      stream_.avail_out = static_cast<uInt>(buffer_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        throw Error(ErrorKind::kDamaged, "the gzip data is damaged");
      whole_ = code == Z_STREAM_END;
      next_.write({buffer_.data(), buffer_.size() - stream_.avail_out});
    } while (stream_.avail_in > 0 || (!whole_ && stream_.avail_out == 0));
  }

  Sink& next_;
  z_stream stream_{};
  std::vector<char> buffer_;
  bool whole_ = false;
};

}  // namespace

std::unique_ptr<Sink> make_gzip_compressor(int level, Sink& next) {
  return std::make_unique<GzipCompressor>(level, next);
}

std::unique_ptr<Sink> make_gzip_decompressor(Sink& next) {
  return std::make_unique<GzipDecompressor>(next);
}

}  // namespace backups
