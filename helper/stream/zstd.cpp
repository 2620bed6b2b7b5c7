#include "stream/zstd.hpp"

#include <zstd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"

namespace backups {
namespace {

constexpr unsigned kMaxWorkers = 4;
constexpr int kJobSize = 2 * 1024 * 1024;

class ZstdCompressor : public Sink {
 public:
  ZstdCompressor(int level, Sink& next)
      : next_(next), context_(ZSTD_createCCtx()), buffer_(ZSTD_CStreamOutSize()) {
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level));
    check(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1));
    // A library that was built without threads rejects both parameters, and compresses in the
    // calling thread.
    const auto workers = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxWorkers);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(workers));
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_jobSize, kJobSize);
  }

  void write(std::string_view bytes) override {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) compress(input, ZSTD_e_continue);
  }

  void finish() override {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (compress(input, ZSTD_e_end) != 0) {
    }
    next_.finish();
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  static std::size_t check(std::size_t code) {
    if (ZSTD_isError(code))
      throw Error(ErrorKind::kFailed, std::string("zstd: ") + ZSTD_getErrorName(code));
    return code;
  }

  std::size_t compress(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
    const std::size_t left =
        check(ZSTD_compressStream2(context_.get(), &output, &input, directive));
    if (output.pos > 0) next_.write({buffer_.data(), output.pos});
    return left;
  }

  Sink& next_;
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  std::vector<char> buffer_;
};

class ZstdDecompressor : public Sink {
 public:
  explicit ZstdDecompressor(Sink& next)
      : next_(next), context_(ZSTD_createDCtx()), buffer_(ZSTD_DStreamOutSize()) {}

  void write(std::string_view bytes) override {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    bool more = !bytes.empty();
    while (more) {
      ZSTD_outBuffer output{buffer_.data(), buffer_.size(), 0};
      expected_ = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(expected_))
        throw Error(ErrorKind::kDamaged,
                    std::string("the zstd data is damaged: ") + ZSTD_getErrorName(expected_));
      next_.write({buffer_.data(), output.pos});
      // At the end of a frame no more output follows, even if the buffer is exactly full.
      more = input.pos < input.size || (output.pos == output.size && expected_ != 0);
    }
  }

  void finish() override {
    if (expected_ != 0) throw Error(ErrorKind::kDamaged, "the zstd data is truncated");
    next_.finish();
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  Sink& next_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::vector<char> buffer_;
  std::size_t expected_ =
      1;  // zstd's hint: bytes of input that it expects; 0 at the end of a frame
};

}  // namespace

std::unique_ptr<Sink> make_zstd_compressor(int level, Sink& next) {
  return std::make_unique<ZstdCompressor>(level, next);
}

std::unique_ptr<Sink> make_zstd_decompressor(Sink& next) {
  return std::make_unique<ZstdDecompressor>(next);
}

}  // namespace backups
