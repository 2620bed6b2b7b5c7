#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/sink.hpp"

namespace backups {

/// A filter that passes on at most `most` bytes. A write() that would exceed them throws Error,
/// kDamaged, and none of its bytes are passed on.
class LimitSink : public Sink {
 public:
  LimitSink(std::uint64_t most, Sink& next) : left_(most), most_(most), next_(next) {}

  void write(std::string_view bytes) override {
    if (bytes.size() > left_)
      throw Error(ErrorKind::kDamaged, "it is larger than " + human_size(most_));
    left_ -= bytes.size();
    next_.write(bytes);
  }
  void finish() override { next_.finish(); }

 private:
  std::uint64_t left_;
  const std::uint64_t most_;
  Sink& next_;
};

}  // namespace backups
