#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "store/s3/client.hpp"
#include "store/s3/object.hpp"
#include "store/s3/parts.hpp"
#include "stream/sink.hpp"

namespace backups {

/// Takes an object's bytes: one PUT for what fits in one part, a multipart upload otherwise.
/// `client` and `stored`, which is set when it is finished, must outlive it; `expected` as in
/// Store::put(). Throws Error: kRefused at once when that can't fit; KeyTaken in the end when the
/// object must be new and is there.
std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, std::optional<std::uint64_t> expected);

/// The same in parts as `plan` has them. Before they grow, the server is asked with a small upload
/// whether it takes such; where it does not, they stay equal as long as there are numbers for them.
std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, const PartPlan& plan);

/// Does the server take an upload whose second part is larger than its first? Tries it under `key`,
/// which it removes again. Throws Error when that can't be told.
bool takes_growing_parts(S3Client& client, const std::string& key);

/// The same from a file.
void upload_file(S3Client& client, const std::string& key, const std::filesystem::path& file,
                 bool is_new, S3Stored& stored);

}  // namespace backups
