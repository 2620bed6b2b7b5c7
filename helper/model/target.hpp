#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace backups {

/// The target that is always there: files below the state directory.
constexpr const char* kLocalTarget = "local";

/// What a person said of a target, by the names of target_options(); its credentials are elsewhere.
using TargetOptions = std::map<std::string, std::string>;

/// An option that `backups:target-add` and `backups:target-set` know.
struct TargetOption {
  const char* name;
  const char* takes;  ///< what a value looks like, for a person
  const char* help;
  bool (*valid)(const std::string& value);
};

const std::vector<TargetOption>& target_options();

/// Throws Error, kBadInput, naming what is wrong.
void check_target_option(const std::string& name, const std::string& value);

/// Throws Error, kBadInput, where one lacks another that it needs.
void check_target_options(const TargetOptions& options);

/// Lower-case letters, digits and dashes, beginning with a letter; not `local`.
bool valid_target_name(std::string_view name);

/// "local,offsite" in order, each once. Throws Error, kBadInput, for what is no name.
std::vector<std::string> parse_target_list(const std::string& text);

}  // namespace backups
