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

/// A Sink for an object: one PUT if it fits in one part, otherwise a multipart upload. `client` and
/// `stored`, which finish() sets, must outlive it; `expected` is as in Store::put(). Throws Error:
/// kRefused at once if the object cannot fit, and KeyTaken in finish() if `is_new` and the object
/// exists.
std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, std::optional<std::uint64_t> expected);

/// Like above, with the parts of `plan`. Before they grow, a small upload tests whether the server
/// accepts growing parts; if not, they stay equal for as long as there are part numbers.
std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, const PartPlan& plan);

/// True if the server accepts an upload whose second part is larger than its first. Tries it under
/// `key`, which it removes again. Throws Error if it cannot be determined.
bool takes_growing_parts(S3Client& client, const std::string& key);

/// Uploads a file.
void upload_file(S3Client& client, const std::string& key, const std::filesystem::path& file,
                 bool is_new, S3Stored& stored);

}  // namespace backups
