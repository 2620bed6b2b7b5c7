#pragma once

#include <optional>
#include <string>

#include "stream/stage.hpp"

namespace backups {

/// The shell words that read the plain dump of an artifact on stdin, with standard tools only.
/// Nothing for an unknown kind.
std::optional<std::string> reader_of(const std::string& kind, const std::string& artifact);

/// Like reader_of(), but for an unknown kind writes the dump to the file restored.dump.
std::string reader_or_file(const std::string& kind, const std::string& artifact);

/// The command that opens `file` in the current directory, or stdin if `file` is empty: reverses
/// the stages and pipes into `reader`.
std::string open_command(const Stages& stages, const std::string& file, const std::string& reader);

}  // namespace backups
