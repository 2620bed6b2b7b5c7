#pragma once

#include <string>

#include "engine/state.hpp"
#include "model/target.hpp"

namespace backups {

/// The keys of a target, and where they came from: "given", "profile backups", "environment",
/// "container role", "instance role backup-writer".
struct Credentials {
  std::string key;
  std::string secret;
  std::string token;
  std::string origin;
};

/// Says that a target works only for who called us, if that is where its credentials are.
void warn_of_environment(const std::string& target, const std::string& origin);

/// "KEY:SECRET" or "KEY:SECRET:TOKEN". Throws Error, kBadInput, without quoting it.
Credentials parse_credentials(const std::string& text);

void save_credentials(const State& state, const std::string& target, const Credentials& given);
void forget_credentials(const State& state, const std::string& target);

/// Those that were given or, without any, of the target's profile; else of our environment, of the
/// container's role, of the instance's role, in this order. Throws Error, kKey.
Credentials find_credentials(const State& state, const std::string& target,
                             const TargetOptions& options);

}  // namespace backups
