#pragma once

#include <string>
#include <string_view>

#include "stream/sink.hpp"

namespace backups {

/// Keeps everything in memory: only for input that is known to be small.
class TextSink : public Sink {
 public:
  void write(std::string_view bytes) override { text += bytes; }
  void finish() override {}

  std::string text;
};

}  // namespace backups
