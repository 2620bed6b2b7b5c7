#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stream/stage.hpp"
#include "sys/clock.hpp"

namespace backups {

/// Makes the id of a backup: "<name>-YYYY-MM-DD-HH-MM-SS" in UTC (helper/FORMAT.md).
std::string make_id(const std::string& name, Time time);

struct IdParts {
  std::string name;
  Time time;
};

/// Splits an id. Nothing if `text` is not an id with a valid name.
std::optional<IdParts> parse_id(std::string_view text);

/// The file of a backup's only artifact: "<id>.dump.zst".
std::string artifact_file(const std::string& id, const Stages& stages);

/// The file of one of several artifacts: "<id>.<artifact>.dump.zst", its name percent-encoded. A
/// name that is too long for a file name is cut, and `position` makes it unique.
std::string artifact_file(const std::string& id, const std::string& artifact, std::size_t position,
                          const Stages& stages);

/// The file of the manifest: "<id>.json".
std::string manifest_file(const std::string& id);

}  // namespace backups
