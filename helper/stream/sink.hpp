#pragma once

#include <string_view>

namespace backups {

/// Everything that accepts bytes. Any number of write() calls of any size, then finish() once,
/// which passes on what is buffered and makes it durable where that means something. A Sink that is
/// destroyed without finish() discards what it made. Filters pass both calls to the next Sink,
/// which they don't own and which must outlive them. Not thread-safe. Throws Error.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;
};

/// Accepts everything and keeps nothing.
class NullSink : public Sink {
 public:
  void write(std::string_view) override {}
  void finish() override {}
};

}  // namespace backups
