#pragma once

#include <string>
#include <vector>

#include "store/s3/client.hpp"

namespace backups {

/// All whose key begins with `prefix`, in the server's order; ETags in their quotes. A list that
/// does not end (store/limits.hpp) is an Error, kUnreachable.
std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix);

/// One that is not there is fine. True where the bucket keeps versions: it is hidden, not gone.
bool remove_object(S3Client& client, const std::string& key);

/// The unfinished ones whose key begins with `prefix`.
std::vector<S3Upload> list_uploads(S3Client& client, const std::string& prefix);

/// None where the server can't list them, or the credentials may not: what needs no more than to
/// tidy up goes on without.
std::vector<S3Upload> list_uploads_if_possible(S3Client& client, const std::string& prefix);

/// One that is gone is fine.
void abort_upload(S3Client& client, const S3Upload& upload);

}  // namespace backups
