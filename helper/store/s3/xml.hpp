#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/s3/sigv4.hpp"
#include "store/store.hpp"
#include "sys/clock.hpp"

namespace backups {

// Bodies of the S3 REST API (Amazon S3 API Reference). Readers return nothing if the text is not
// that document, or nested too deeply (store/limits.hpp).

/// True if the text is one complete document.
bool is_xml(const std::string& text);

/// <Error>, which may also be the body of a 200.
struct S3Problem {
  std::string code;
  std::string message;
  std::string region;
  std::string endpoint{};  ///< of a redirection: where the bucket is
};
std::optional<S3Problem> read_problem(const std::string& xml);

/// One page of a list.
template <typename Item>
struct S3Page {
  std::vector<Item> items;
  Fields next;  ///< query for the next page; empty on the last one
};

/// <ListBucketResult> of ListObjectsV2.
std::optional<S3Page<Store::Entry>> read_objects(const std::string& xml);

struct S3Upload {
  std::string key;
  std::string id;
  Time begun = 0;  ///< 0 if unknown
};
/// <ListMultipartUploadsResult>
std::optional<S3Page<S3Upload>> read_uploads(const std::string& xml);

/// <InitiateMultipartUploadResult>
std::optional<std::string> read_upload_id(const std::string& xml);

/// <CompleteMultipartUploadResult>: its ETag, which may be empty.
std::optional<std::string> read_completed(const std::string& xml);

/// A part that the server has.
struct S3Part {
  std::string etag;      ///< quoted
  std::string checksum;  ///< Base64 of its SHA-256; empty if none was sent
};
/// <CompleteMultipartUpload>, with parts numbered from 1, with or without checksums.
std::string write_completion(const std::vector<S3Part>& parts, bool checksums);

/// <Retention>; `until` as in RFC 3339.
std::string write_retention(const std::string& mode, const std::string& until);

}  // namespace backups
