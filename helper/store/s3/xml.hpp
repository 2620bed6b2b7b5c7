#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/s3/sigv4.hpp"
#include "store/store.hpp"
#include "sys/clock.hpp"

namespace backups {

// Bodies of the S3 REST API (Amazon S3 API reference). A reader gives nothing when the text is not
// that document, or nested more deeply than any of them (store/limits.hpp).

/// Is it one document, whole?
bool is_xml(const std::string& text);

/// <Error>, which may also come with a status of 200.
struct S3Problem {
  std::string code;
  std::string message;
  std::string region;
  std::string endpoint{};  ///< where the bucket is, of a redirect
};
std::optional<S3Problem> read_problem(const std::string& xml);

/// A list comes in pages.
template <typename Item>
struct S3Page {
  std::vector<Item> items;
  Fields next;  ///< what to add to the query for the next page; empty on the last
};

/// <ListBucketResult> of version 2.
std::optional<S3Page<Store::Entry>> read_objects(const std::string& xml);

struct S3Upload {
  std::string key;
  std::string id;
  Time begun = 0;  ///< 0: not told
};
/// <ListMultipartUploadsResult>
std::optional<S3Page<S3Upload>> read_uploads(const std::string& xml);

/// <InitiateMultipartUploadResult>
std::optional<std::string> read_upload_id(const std::string& xml);

/// <CompleteMultipartUploadResult>: its ETag, which may be empty.
std::optional<std::string> read_completed(const std::string& xml);

/// A part as the server took it.
struct S3Part {
  std::string etag;      ///< in its quotes
  std::string checksum;  ///< base64 of its SHA-256; empty: not sent
};
/// <CompleteMultipartUpload>, numbered from 1, with or without their checksums.
std::string write_completion(const std::vector<S3Part>& parts, bool checksums);

/// <Retention>; `until` as in RFC 3339.
std::string write_retention(const std::string& mode, const std::string& until);

}  // namespace backups
