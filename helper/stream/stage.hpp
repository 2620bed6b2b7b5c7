#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sink.hpp"

namespace backups {

/// Something that is done to the bytes of an artifact on their way to a file, and undone on the way
/// back. A new one is a row of the table in stage.cpp; everything else reads it from there.
struct Stage {
  const char* name;    ///< as in a manifest's `stages`: "zstd"
  const char* suffix;  ///< that a file gets by it: ".zst"
  const char* reader;  ///< the standard command that undoes it, of stdin or a file: "zstd -dc"
  int default_level;
  int highest_level;  ///< the lowest is 1
  /// Takes plain bytes and writes to `next`.
  std::unique_ptr<Sink> (*encode)(int level, Sink& next);
  /// The reverse. Throws Error, kDamaged, for input that is damaged or cut short.
  std::unique_ptr<Sink> (*decode)(Sink& next);
};

/// Null for a name that this version does not know.
const Stage* find_stage(std::string_view name);

/// A stage as it is asked for.
struct Step {
  const Stage* stage;
  int level;

  bool operator==(const Step&) const = default;
};

/// What is done to the bytes, in order; empty: nothing.
using Encoding = std::vector<Step>;
/// What has been done to them, in the same order.
using Stages = std::vector<const Stage*>;

/// "none", "gzip", "gzip:1" to "gzip:9", "zstd", "zstd:1" to "zstd:19". Nothing for anything else.
std::optional<Encoding> parse_encoding(std::string_view text);

Stages stages_of(const Encoding& encoding);

/// ".zst", ".zst.age"; empty where nothing is done.
std::string suffix_of(const Stages& stages);

/// The shell words that print the plain bytes of `file`, or of stdin where it is empty:
/// "age -d my.dump.zst.age | zstd -dc". Empty where stdin has them already.
std::string reading_command(const Stages& stages, const std::string& file);

}  // namespace backups
