#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/s3_client.hpp"
#include "sys/clock.hpp"

namespace backups {

/// What marks an object as written by one very upload: an answer that got lost is told from
/// somebody else's object by it.
constexpr const char* kTokenHeader = "x-amz-meta-backups-upload";

/// The headers of an object that the target's options ask for.
Fields object_headers(const S3Target& target, const std::string& token);

/// Base64 of what is given in hexadecimal: the form of x-amz-checksum-sha256.
std::string base64_of_hex(const std::string& hexadecimal);

/// Of `body`, or of the file's range where that is open, in hexadecimal. `name` as in Hasher.
std::string hash_of(const char* name, std::string_view body, const FileRange& file);

/// Without its quotes.
std::string bare_etag(const std::string& etag);

struct S3Head {
  std::uint64_t size = 0;
  std::string etag;
  std::string token;
  HttpResponse response;
};
/// Nothing when there is no such object. Throws as S3Client::send.
std::optional<S3Head> head_object(S3Client& client, const std::string& key,
                                  const std::string& doing);

struct S3Put {
  std::string doing;
  std::string key;
  std::string_view body;
  FileRange file;
  bool create_only = false;
};
/// One PUT; gives the ETag. Throws KeyTaken when the object is there and must not be.
std::string put_object(S3Client& client, const S3Put& put);

/// As Store::locked_until().
std::optional<Time> locked_until(const S3Head& head);

/// Locks an object of ours where the target says so and the server has left what its upload asked
/// for undone, as Ceph does for one of several parts. Throws Error, kRefused, when it stays
/// unlocked.
void ensure_lock(S3Client& client, const std::string& key, const std::string& doing);

}  // namespace backups
