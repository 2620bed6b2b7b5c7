#pragma once

#include <string_view>

namespace backups {

/// Whatever accepts bytes. Callers make any number of write() calls of any size, then one finish(),
/// which passes on what is buffered and makes it durable where that applies. A Sink that is
/// destroyed without finish() discards what it made. A filter passes both calls on to the next
/// Sink, which it does not own and which must outlive it. Not thread-safe. Both functions throw
/// Error.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  virtual void write(std::string_view bytes) = 0;
  virtual void finish() = 0;
};

/// Discards everything.
class NullSink : public Sink {
 public:
  void write(std::string_view) override {}
  void finish() override {}
};

}  // namespace backups
