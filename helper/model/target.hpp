#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backups {

/// The target that is always there: files below the state directory.
constexpr const char* kLocalTarget = "local";

/// The type of a target (host/target_type.hpp) under "type", and what a person set, by the names of
/// that type's options; its credentials are elsewhere.
using TargetOptions = std::map<std::string, std::string>;

/// The value of an option, `otherwise` where it is not set.
std::string option_of(const TargetOptions& options, const std::string& name,
                      const std::string& otherwise = {});

/// Lower-case letters, digits and dashes, beginning with a letter; not `local`.
bool valid_target_name(std::string_view name);

/// "local,offsite" in order, each once. Throws Error, kBadInput, for what is no name.
std::vector<std::string> parse_target_list(const std::string& text);

}  // namespace backups
