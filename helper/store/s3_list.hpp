#pragma once

#include <string>
#include <vector>

#include "store/s3_client.hpp"

namespace backups {

/// All whose key begins with `prefix`, in the server's order; ETags in their quotes.
std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix);

/// One that is not there is fine. True where the bucket keeps versions: it is hidden, not gone.
bool remove_object(S3Client& client, const std::string& key);

/// The unfinished ones whose key begins with `prefix`.
std::vector<S3Upload> list_uploads(S3Client& client, const std::string& prefix);

/// One that is gone is fine.
void abort_upload(S3Client& client, const S3Upload& upload);

}  // namespace backups
