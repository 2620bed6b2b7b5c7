#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backups {

/// The target that always exists: files below the state directory.
constexpr const char* kLocalTarget = "local";

/// The options of a target, by the names of its type (host/target_type.hpp), which is under "type".
/// Credentials are not among them.
using TargetOptions = std::map<std::string, std::string>;

/// The value of an option; `otherwise` if it is not set.
std::string option_of(const TargetOptions& options, const std::string& name,
                      const std::string& otherwise = {});

/// True for lower-case letters, digits and dashes that begin with a letter, except `local`.
bool valid_target_name(std::string_view name);

/// Parses "local,offsite" into names without duplicates, in order. Throws Error, kBadInput, for an
/// invalid name.
std::vector<std::string> parse_target_list(const std::string& text);

}  // namespace backups
