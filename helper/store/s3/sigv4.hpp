#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

// AWS Signature Version 4 as S3 wants it (Amazon S3 API reference, "Authenticating requests"): the
// path is encoded once and never normalised. Pure functions of their arguments.

using Fields = std::vector<std::pair<std::string, std::string>>;  ///< name, value

/// Who signs, and for where.
struct Signer {
  std::string key;
  std::string secret;
  std::string token;  ///< of a session; may be empty
  std::string region;
  std::string service = "s3";
};

struct SignedRequest {
  std::string method;
  std::string path;  ///< as the server shall understand it, nothing encoded; begins with '/'
  Fields query;      ///< nothing encoded
  Fields headers;    ///< all that are signed, "host" among them; names in any case
};

constexpr const char* kUnsignedPayload = "UNSIGNED-PAYLOAD";

/// RFC 3986: every byte outside [A-Za-z0-9-._~] as %XX.
std::string uri_encode(std::string_view text);
/// The same but for '/'.
std::string uri_encode_path(std::string_view path);
/// Encoded and sorted: what to sign and what to send.
std::string canonical_query(const Fields& query);

std::string canonical_request(const SignedRequest& request, const std::string& payload_hash);
std::string string_to_sign(const std::string& canonical_request, const Signer& signer, Time time);
std::string signature(const std::string& string_to_sign, const Signer& signer, Time time);

/// The request's headers and those that sign it: x-amz-date, x-amz-content-sha256 (`payload_hash`:
/// hexadecimal, or kUnsignedPayload), x-amz-security-token and Authorization.
Fields sign_headers(SignedRequest request, const std::string& payload_hash, const Signer& signer,
                    Time time);

/// The query string that makes a URL good for `seconds`.
std::string sign_query(SignedRequest request, const Signer& signer, Time time,
                       std::int64_t seconds);

}  // namespace backups
