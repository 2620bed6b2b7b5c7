#pragma once

#include <filesystem>
#include <string>

#include "model/target.hpp"
#include "store/s3/credentials.hpp"

namespace backups {

/// Warns if the credentials of a target come from the environment, so that it works only for this
/// caller.
void warn_of_environment(const std::string& target, const std::string& origin);

/// Parses "KEY:SECRET" on one line (with a session's long token: "KEY:SECRET:TOKEN"), or each on a
/// line of its own, in which case key and secret may contain colons. Throws Error, kBadInput,
/// without quoting the text.
S3Credentials parse_credentials(const std::string& text);

/// Store or remove the credentials of a target in the state directory `root`.
void save_credentials(const std::filesystem::path& root, const std::string& target,
                      const S3Credentials& given);
void forget_credentials(const std::filesystem::path& root, const std::string& target);

/// Finds the credentials of a target: those that were given for it; otherwise those of its profile;
/// otherwise, if it has no profile, those of the environment, the container's role or the
/// instance's role, in this order. Renewals use the same function. Throws Error, kKey, if there are
/// none.
S3Credentials find_credentials(const std::filesystem::path& root, const std::string& target,
                               const TargetOptions& options);

}  // namespace backups
