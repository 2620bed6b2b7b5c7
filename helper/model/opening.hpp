#pragma once

#include <optional>
#include <string>

#include "stream/stage.hpp"

namespace backups {

/// The shell words that read the plain dump of an artifact on stdin, with standard tools only.
/// Nothing for a kind that this version does not know.
std::optional<std::string> reader_of(const std::string& kind, const std::string& artifact);

/// The same for whatever kind: what is unknown becomes the file restored.dump.
std::string reader_or_file(const std::string& kind, const std::string& artifact);

/// What opens a file that is beside, or what comes on stdin where `file` is empty: undoes the
/// stages, then `reader`.
std::string open_command(const Stages& stages, const std::string& file, const std::string& reader);

}  // namespace backups
