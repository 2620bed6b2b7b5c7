#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stream/stage.hpp"
#include "sys/clock.hpp"

namespace backups {

/// The id of a backup: "<name>-YYYY-MM-DD-HH-MM-SS", UTC (helper/FORMAT.md).
std::string make_id(const std::string& name, Time time);

struct IdParts {
  std::string name;
  Time time;
};

/// Nothing when `text` is not an id of a valid name.
std::optional<IdParts> parse_id(std::string_view text);

/// "<id>.dump.zst" for the only artifact.
std::string artifact_file(const std::string& id, const Stages& stages);

/// "<id>.<artifact>.dump.zst" for one of several, its name percent-encoded; one that is too long
/// for a file name is cut, and `position` makes it unique.
std::string artifact_file(const std::string& id, const std::string& artifact, std::size_t position,
                          const Stages& stages);

/// "<id>.json"
std::string manifest_file(const std::string& id);

}  // namespace backups
