#pragma once

#include <string>

#include "store/s3/client.hpp"

namespace backups {

/// Writes the complete object to `sink`, and resumes after a broken connection where it broke.
/// Returns false if the object does not exist. Throws as S3Store does.
bool download(S3Client& client, const std::string& key, Sink& sink);

}  // namespace backups
