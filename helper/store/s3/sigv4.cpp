#include "store/s3/sigv4.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "stream/digest.hpp"

namespace backups {
namespace {

constexpr const char* kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
           &size) == nullptr)
    throw Error(ErrorKind::kFailed, "OpenSSL cannot compute HMAC-SHA-256");
  return {reinterpret_cast<const char*>(digest.data()), size};
}

/// Trims a value and replaces each run of blanks with one.
std::string squeeze(std::string_view value) {
  std::string text;
  for (const char c : trim(value)) {
    const bool blank = std::strchr(" \t\r\n", c) != nullptr;
    if (!blank || text.back() != ' ') text += blank ? ' ' : c;
  }
  return text;
}

/// Sorts headers by name in lower case, and joins those of the same name in their order.
std::map<std::string, std::string> canonical_headers(const Fields& headers) {
  std::map<std::string, std::string> canonical;
  for (const auto& [name, value] : headers) {
    const auto [at, is_new] = canonical.try_emplace(lower(name), squeeze(value));
    if (!is_new) at->second += "," + squeeze(value);
  }
  return canonical;
}

std::string signed_names(const Fields& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : canonical_headers(headers)) names.push_back(name);
  return join(names, ";");
}

/// The form "20130524T000000Z".
std::string basic_time(Time time) {
  std::string text = rfc3339(time);
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
             text.end());
  return text;
}

std::string scope(const Signer& signer, Time time) {
  return basic_time(time).substr(0, 8) + "/" + signer.region + "/" + signer.service +
         "/aws4_request";
}

std::string sign(const SignedRequest& request, const std::string& payload_hash,
                 const Signer& signer, Time time) {
  return signature(string_to_sign(canonical_request(request, payload_hash), signer, time), signer,
                   time);
}

}  // namespace

std::string uri_encode(std::string_view text) { return percent_encode(text, "-._~"); }

std::string uri_encode_path(std::string_view path) { return percent_encode(path, "-._~/"); }

std::string canonical_query(const Fields& query) {
  Fields encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(uri_encode(name), uri_encode(value));
  std::sort(encoded.begin(), encoded.end());
  std::vector<std::string> parameters;
  for (const auto& [name, value] : encoded) parameters.push_back(name + "=" + value);
  return join(parameters, "&");
}

std::string canonical_request(const SignedRequest& request, const std::string& payload_hash) {
  std::string text = request.method + "\n" + uri_encode_path(request.path) + "\n" +
                     canonical_query(request.query) + "\n";
  for (const auto& [name, value] : canonical_headers(request.headers))
    text += name + ":" + value + "\n";
  return text + "\n" + signed_names(request.headers) + "\n" + payload_hash;
}

std::string string_to_sign(const std::string& canonical_request, const Signer& signer, Time time) {
  return std::string(kAlgorithm) + "\n" + basic_time(time) + "\n" + scope(signer, time) + "\n" +
         sha256(canonical_request);
}

std::string signature(const std::string& string_to_sign, const Signer& signer, Time time) {
  std::string key = "AWS4" + signer.secret;
  for (const auto& part : split(scope(signer, time), '/')) key = hmac(key, part);
  const std::string mac = hmac(key, string_to_sign);
  return hex(reinterpret_cast<const unsigned char*>(mac.data()), mac.size());
}

Fields sign_headers(SignedRequest request, const std::string& payload_hash, const Signer& signer,
                    Time time) {
  Fields& headers = request.headers;
  headers.emplace_back("x-amz-content-sha256", payload_hash);
  headers.emplace_back("x-amz-date", basic_time(time));
  if (!signer.token.empty()) headers.emplace_back("x-amz-security-token", signer.token);
  headers.emplace_back("Authorization",
                       std::string(kAlgorithm) + " Credential=" + signer.key + "/" +
                           scope(signer, time) + ", SignedHeaders=" + signed_names(headers) +
                           ", Signature=" + sign(request, payload_hash, signer, time));
  return headers;
}

std::string sign_query(SignedRequest request, const Signer& signer, Time time,
                       std::int64_t seconds) {
  Fields& query = request.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential", signer.key + "/" + scope(signer, time));
  query.emplace_back("X-Amz-Date", basic_time(time));
  query.emplace_back("X-Amz-Expires", std::to_string(seconds));
  if (!signer.token.empty()) query.emplace_back("X-Amz-Security-Token", signer.token);
  query.emplace_back("X-Amz-SignedHeaders", signed_names(request.headers));
  const std::string text = canonical_query(query);
  return text + "&X-Amz-Signature=" + sign(request, kUnsignedPayload, signer, time);
}

}  // namespace backups
