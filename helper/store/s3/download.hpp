#pragma once

#include <string>

#include "store/s3/client.hpp"

namespace backups {

/// Writes the whole object to `sink`; a connection that breaks is taken up where it broke. False
/// when there is no such object. Throws as S3Store says.
bool download(S3Client& client, const std::string& key, Sink& sink);

}  // namespace backups
