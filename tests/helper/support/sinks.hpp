#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "stream/sink.hpp"

namespace backups::tests {

/// Stores what is written, and counts calls of finish().
class Collector : public Sink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void finish() override { ++finished; }

  std::string text;
  int finished = 0;
};

/// Accepts a number of bytes, then throws Error, kNoSpace.
class FullSink : public Sink {
 public:
  explicit FullSink(std::size_t room) : room_(room) {}
  void write(std::string_view bytes) override {
    if (bytes.size() > room_) throw Error(ErrorKind::kNoSpace, "full");
    room_ -= bytes.size();
  }
  void finish() override {}

 private:
  std::size_t room_;
};

/// Writes `text` in pieces of `size` bytes.
inline void write_in_pieces(Sink& sink, std::string_view text, std::size_t size) {
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size())))
    sink.write(text.substr(0, size));
}

}  // namespace backups::tests
