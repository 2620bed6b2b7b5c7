#pragma once

#include <string>
#include <vector>

#include "store/s3_client.hpp"

namespace backups {

/// Writes the whole object to `sink`; a connection that breaks is taken up where it broke. False
/// when there is no such object. Throws as S3Store says.
bool download(S3Client& client, const std::string& key, Sink& sink);

/// All whose key begins with `prefix`, in the server's order; ETags in their quotes.
std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix);

/// One that is not there is fine.
void remove_object(S3Client& client, const std::string& key);

}  // namespace backups
