#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "store/s3_client.hpp"
#include "store/s3_parts.hpp"

namespace backups {

/// The object that an upload became.
struct S3Stored {
  std::uint64_t size = 0;
  std::string etag;  ///< without its quotes; empty: the server named none
};

/// Takes an object's bytes: one PUT for what fits in one part, a multipart upload otherwise, its
/// parts sent by threads of their own. `client` and `stored` must outlive it. `create_only`: an
/// object that is there already stays, KeyTaken.
std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool create_only,
                                     S3Stored& stored, std::uint64_t part_size = 0);

/// The same from a file.
void upload_file(S3Client& client, const std::string& key, const std::filesystem::path& file,
                 bool create_only, S3Stored& stored);

}  // namespace backups
