#pragma once

#include <string>
#include <vector>

#include "store/s3/client.hpp"

namespace backups {

/// All objects whose key begins with `prefix`, in the server's order, with quoted ETags. Throws
/// Error, kUnreachable, for an endless list (store/limits.hpp).
std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix);

/// Removes an object, which need not exist. Returns true if the bucket keeps versions, so that it
/// was only hidden.
bool remove_object(S3Client& client, const std::string& key);

/// The unfinished uploads whose key begins with `prefix`.
std::vector<S3Upload> list_uploads(S3Client& client, const std::string& prefix);

/// Like list_uploads(), but returns none if the server does not support it or the credentials do
/// not permit it. For cleaning up, which is optional.
std::vector<S3Upload> list_uploads_if_possible(S3Client& client, const std::string& prefix);

/// Aborts an upload, which need not exist.
void abort_upload(S3Client& client, const S3Upload& upload);

}  // namespace backups
