#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/s3/client.hpp"
#include "sys/clock.hpp"

namespace backups {

/// The header that marks an object with the token of its upload. It distinguishes an object whose
/// response was lost from somebody else's.
constexpr const char* kTokenHeader = "x-amz-meta-backups-upload";

/// The headers of an object that the target's options ask for. Throws as S3Client::send.
Fields object_headers(S3Client& client, const std::string& key, const std::string& token);

/// Converts hexadecimal to Base64, the form of x-amz-checksum-sha256.
std::string base64_of_hex(const std::string& hexadecimal);

/// The hash of `body`, or of the range of `file` if that is open, in hexadecimal. `name` as in
/// Hasher.
std::string hash_of(const char* name, std::string_view body, const FileRange& file);

/// Removes the quotes of an ETag.
std::string bare_etag(const std::string& etag);

struct S3Head {
  std::optional<std::uint64_t> size;
  std::string etag;
  std::string token;
  HttpResponse response;
};
/// Looks an object up with HEAD. Nothing if it does not exist. Throws as S3Client::send().
std::optional<S3Head> head_object(S3Client& client, const std::string& key,
                                  const std::string& doing);

/// Like head_object(), but returns nothing also if the credentials do not permit it or the server
/// has no HEAD.
std::optional<S3Head> head_if_allowed(S3Client& client, const std::string& key,
                                      const std::string& doing);

/// True if a request may have failed because the server does not support If-None-Match. Such
/// servers respond with 501, with 400 or another 4xx of any code, or with 304.
bool refuses_condition(const S3Error& error);

/// True if the object does not exist, for sure: for servers that answer 412 all the same, since
/// they take a delete marker for an object. False without the right to look.
bool is_absent(S3Client& client, const std::string& key, const std::string& doing);

/// Throws KeyTaken if the object exists. For servers without conditional writes. Without the right
/// to look, does nothing.
void require_absent(S3Client& client, const std::string& key, const std::string& doing);

[[noreturn]] void throw_exists(const S3Client& client, const std::string& doing);

/// A stored object.
struct S3Stored {
  std::uint64_t size = 0;
  std::string etag;  ///< without quotes; empty if the server named none
};

/// What an upload wrote.
struct S3Written {
  std::uint64_t size = 0;
  std::string etag;   ///< of the response; may be empty after a multipart upload
  std::string token;  ///< its mark, see kTokenHeader
};
/// Looks at what was written: it must exist, with the size that was sent and the mark of this
/// upload. That detects servers that respond 200 to everything. Without the right to look, the
/// response must do. Returns the ETag. Throws Error, kDamaged for another size.
std::string confirm_object(S3Client& client, const std::string& key, const std::string& doing,
                           const S3Written& written);

struct S3Put {
  std::string doing;
  std::string key;
  std::string_view body;
  FileRange file;
  bool is_new = false;
};
/// Puts an object with one request, and confirms it. Throws KeyTaken if `is_new` and the object
/// exists.
S3Stored put_object(S3Client& client, const S3Put& put);

/// See ObjectLock::locked_until().
std::optional<Time> locked_until(const S3Head& head);

/// If the target has Object Lock, checks that an object of ours is locked, and locks it if the
/// server ignored the headers of its upload, as Ceph does for multipart uploads. Throws Error,
/// kRefused, if it remains unlocked.
void ensure_lock(S3Client& client, const std::string& key, const std::string& doing);

}  // namespace backups
