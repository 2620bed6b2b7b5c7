#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stream/sink.hpp"

namespace backups {

/// A reversible transformation of an artifact's bytes, such as compression. To add one, add a row
/// to the table in stage.cpp; file names, settings and commands follow from it.
struct Stage {
  const char* name;    ///< its name in a manifest's `stages`: "zstd"
  const char* suffix;  ///< what it appends to a file name: ".zst"
  const char* reader;  ///< the command that reverses it, for stdin or a file: "zstd -dc"
  int default_level;
  int highest_level;  ///< levels start at 1
  /// Makes a Sink that encodes what is written to it and passes it to `next`.
  std::unique_ptr<Sink> (*encode)(int level, Sink& next);
  /// Makes the Sink for the reverse. It throws Error, kDamaged, for damaged or truncated input.
  std::unique_ptr<Sink> (*decode)(Sink& next);
};

/// Returns null for a name that this version does not know.
const Stage* find_stage(std::string_view name);

/// A stage with its level.
struct Step {
  const Stage* stage;
  int level;

  bool operator==(const Step&) const = default;
};

/// The stages to apply, in order. Empty: the bytes are stored as they are.
using Encoding = std::vector<Step>;
/// The stages that were applied, in order. They can be reversed without knowing the levels.
using Stages = std::vector<const Stage*>;

/// Parses the setting `compression`: "none", "gzip", "gzip:1" to "gzip:9", "zstd", "zstd:1" to
/// "zstd:19". Nothing for anything else.
std::optional<Encoding> parse_encoding(std::string_view text);

Stages stages_of(const Encoding& encoding);

/// The suffix of a file name, for example ".zst". Empty without stages.
std::string suffix_of(const Stages& stages);

/// The shell words that print the plain bytes of `file`, or of stdin if `file` is empty, for
/// example "zstd -dc my.dump.zst". Empty if stdin is plain already.
std::string reading_command(const Stages& stages, const std::string& file);

}  // namespace backups
