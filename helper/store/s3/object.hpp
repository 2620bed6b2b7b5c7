#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/s3/client.hpp"
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
  std::optional<std::uint64_t> size;
  std::string etag;
  std::string token;
  HttpResponse response;
};
/// Nothing when there is no such object. Throws as S3Client::send.
std::optional<S3Head> head_object(S3Client& client, const std::string& key,
                                  const std::string& doing);

/// The same without the right to look, or where the server has no HEAD: nothing then, too.
std::optional<S3Head> head_if_allowed(S3Client& client, const std::string& key,
                                      const std::string& doing);

/// May the request have failed because it was conditional (If-None-Match)? Some say 501, some 400.
bool refuses_condition(const S3Error& error);

/// Throws KeyTaken when the object is there. For servers that can't make sure of it
/// themselves; without the right to look nothing is thrown.
void require_absent(S3Client& client, const std::string& key, const std::string& doing);

[[noreturn]] void throw_exists(const S3Client& client, const std::string& doing);

/// The object that an upload became.
struct S3Stored {
  std::uint64_t size = 0;
  std::string etag;  ///< without its quotes; empty: the server named none
};

/// An object as its upload wrote it.
struct S3Written {
  std::uint64_t size = 0;
  std::string etag;   ///< of the answer; may be empty after a multipart upload
  std::string token;  ///< that it was marked with
};
/// Looks at what was written: it must be there, as long as it was sent and with the mark of this
/// very upload. What only answers 200 to everything has no such thing. Without the right to look
/// the answer has to do. Returns the ETag. Throws Error, kDamaged for another length.
std::string confirm_object(S3Client& client, const std::string& key, const std::string& doing,
                           const S3Written& written);

struct S3Put {
  std::string doing;
  std::string key;
  std::string_view body;
  FileRange file;
  bool is_new = false;
};
/// One PUT, confirmed. Throws KeyTaken when the object is there and must not be.
S3Stored put_object(S3Client& client, const S3Put& put);

/// As Store::locked_until().
std::optional<Time> locked_until(const S3Head& head);

/// Locks an object of ours where the target says so and the server has left what its upload asked
/// for undone, as Ceph does for one of several parts. Throws Error, kRefused, when it stays
/// unlocked.
void ensure_lock(S3Client& client, const std::string& key, const std::string& doing);

}  // namespace backups
