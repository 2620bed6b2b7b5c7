#pragma once

#include <filesystem>
#include <string>

#include "model/target.hpp"
#include "store/s3/credentials.hpp"

namespace backups {

/// Says that a target works only for who called us, if that is where its credentials are.
void warn_of_environment(const std::string& target, const std::string& origin);

/// "KEY:SECRET" on one line (with the long token of a session: "KEY:SECRET:TOKEN"), or each on a
/// line of its own, where a key or secret may have colons in it. Throws Error, kBadInput, without
/// quoting it.
S3Credentials parse_credentials(const std::string& text);

/// In the state directory `root`.
void save_credentials(const std::filesystem::path& root, const std::string& target,
                      const S3Credentials& given);
void forget_credentials(const std::filesystem::path& root, const std::string& target);

/// Those that were given or, without any, of the target's profile; else of our environment, of the
/// container's role, of the instance's role, in this order. Renewed they are found in the same way.
/// Throws Error, kKey.
S3Credentials find_credentials(const std::filesystem::path& root, const std::string& target,
                               const TargetOptions& options);

}  // namespace backups
