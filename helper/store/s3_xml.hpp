#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace backups {

// Bodies of the S3 REST API (Amazon S3 API reference). A reader gives nothing when the text is not
// that document.

/// Is it one document, whole?
bool is_xml(const std::string& text);

/// <Error>, which may also come with a status of 200.
struct S3Problem {
  std::string code;
  std::string message;
  std::string region;
};
std::optional<S3Problem> read_problem(const std::string& xml);

/// <ListBucketResult> of version 2.
struct S3Page {
  std::vector<Store::Entry> entries;
  std::string next;  ///< continuation token; empty on the last page
};
std::optional<S3Page> read_page(const std::string& xml);

/// <ListMultipartUploadsResult>
struct S3Uploads {
  struct Upload {
    std::string key;
    std::string id;
    std::string initiated;  ///< "2026-04-08T14:30:00.000Z"
  };
  std::vector<Upload> uploads;
  std::string next_key;  ///< markers of the next page; empty on the last
  std::string next_id;
};
std::optional<S3Uploads> read_uploads(const std::string& xml);

/// <InitiateMultipartUploadResult>
std::optional<std::string> read_upload_id(const std::string& xml);

/// <CompleteMultipartUploadResult>: its ETag, which may be empty.
std::optional<std::string> read_completed(const std::string& xml);

/// A part as the server took it.
struct S3Part {
  std::string etag;      ///< in its quotes
  std::string checksum;  ///< base64 of its SHA-256; empty: not sent
};
/// <CompleteMultipartUpload>, numbered from 1.
std::string write_completion(const std::vector<S3Part>& parts);

}  // namespace backups
