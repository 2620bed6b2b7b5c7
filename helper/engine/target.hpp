#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/state.hpp"

namespace backups {

/// The places that backups go to by default for a source: the property `targets`.
std::vector<std::string> default_targets(const State& state, const Source& source);

/// Throws Error, kNotFound, unless all of them exist.
void require_targets(const State& state, const std::vector<std::string>& names);

/// Where the credentials of a target came from: "given", "profile backups", "environment".
struct Credentials {
  std::string key;
  std::string secret;
  std::string token;
  std::string origin;
};

/// "KEY:SECRET" or "KEY:SECRET:TOKEN". Throws Error, kBadInput, without quoting it.
Credentials parse_credentials(const std::string& text);

void save_credentials(const State& state, const std::string& target, const Credentials& given);
void forget_credentials(const State& state, const std::string& target);

/// Those that were given, of the target's profile, or of our environment, in this order. Throws
/// Error, kKey.
Credentials find_credentials(const State& state, const std::string& target);

/// The target as a Store for the backups of `host`, of all hosts when that is empty. Throws Error,
/// kNotFound or kKey.
std::unique_ptr<S3Store> open_target(const State& state, const std::string& target,
                                     const std::string& host);

}  // namespace backups
