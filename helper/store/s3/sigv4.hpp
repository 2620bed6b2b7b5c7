#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

// AWS Signature Version 4 for S3 (Amazon S3 API Reference, "Authenticating requests"): the path is
// encoded once and not normalised. Pure functions of their arguments.

using Fields = std::vector<std::pair<std::string, std::string>>;  ///< name, value

/// Whose signature, and for which region.
struct Signer {
  std::string key;
  std::string secret;
  std::string token;  ///< of a session; may be empty
  std::string region;
  std::string service = "s3";
};

struct SignedRequest {
  std::string method;
  std::string path;  ///< not encoded; begins with '/'
  Fields query;      ///< not encoded
  Fields headers;    ///< all are signed; "host" must be among them; names in any case
};

constexpr const char* kUnsignedPayload = "UNSIGNED-PAYLOAD";

/// Encodes every byte outside [A-Za-z0-9-._~] as %XX (RFC 3986).
std::string uri_encode(std::string_view text);
/// Like uri_encode(), but leaves '/'.
std::string uri_encode_path(std::string_view path);
/// The encoded and sorted query, which is signed and sent.
std::string canonical_query(const Fields& query);

std::string canonical_request(const SignedRequest& request, const std::string& payload_hash);
std::string string_to_sign(const std::string& canonical_request, const Signer& signer, Time time);
std::string signature(const std::string& string_to_sign, const Signer& signer, Time time);

/// Returns the headers of the request and those of its signature: x-amz-date, x-amz-content-sha256
/// (`payload_hash`: hexadecimal, or kUnsignedPayload), x-amz-security-token and Authorization.
Fields sign_headers(SignedRequest request, const std::string& payload_hash, const Signer& signer,
                    Time time);

/// The query string of a URL that is valid for `seconds`.
std::string sign_query(SignedRequest request, const Signer& signer, Time time,
                       std::int64_t seconds);

}  // namespace backups
