#include "store/s3_object.hpp"

#include <openssl/evp.h>

#include <array>

#include "base/text.hpp"
#include "store/s3_problem.hpp"

namespace backups {
namespace {

constexpr int kShortRequest = 120;  // seconds

S3Request request_of(const S3Put& put, const std::string& token, const S3Target& target) {
  S3Request request{.doing = put.doing, .method = "PUT", .key = put.key};
  request.headers = object_headers(target, token);
  request.headers.emplace_back("x-amz-checksum-sha256", base64_of_hex(put.sha256));
  if (put.create_only) request.headers.emplace_back("if-none-match", "*");
  request.body = put.body;
  request.file = put.file;
  request.sha256 = put.sha256;
  return request;
}

}  // namespace

Fields object_headers(const S3Target& target, const std::string& token) {
  Fields headers = {{kTokenHeader, token}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("x-amz-storage-class", target.storage_class);
  add("x-amz-server-side-encryption", target.server_side_encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", target.kms_key);
  if (target.object_lock_days > 0) {
    add("x-amz-object-lock-mode",
        target.object_lock_mode.empty() ? "GOVERNANCE" : target.object_lock_mode);
    add("x-amz-object-lock-retain-until-date", rfc3339(now() + target.object_lock_days * 86'400LL));
  }
  return headers;
}

std::string base64_of_hex(const std::string& hexadecimal) {
  std::array<unsigned char, 64> bytes{};
  const std::size_t size = std::min(hexadecimal.size() / 2, bytes.size());
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<unsigned char>(std::stoi(hexadecimal.substr(2 * i, 2), nullptr, 16));
  std::array<unsigned char, 96> text{};
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

std::string bare_etag(const std::string& etag) {
  const bool quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
  return quoted ? etag.substr(1, etag.size() - 2) : etag;
}

std::optional<S3Head> head_object(S3Client& client, const std::string& key,
                                  const std::string& doing) {
  try {
    S3Request request{.doing = doing, .method = "HEAD", .key = key};
    request.timeout = kShortRequest;
    HttpResponse response = client.send(request).response;
    const auto size = parse_number(response.header("content-length"));
    return S3Head{static_cast<std::uint64_t>(size.value_or(0)), bare_etag(response.header("etag")),
                  response.header(kTokenHeader), std::move(response)};
  } catch (const S3Error& error) {
    if (error.status() != 404) throw;
    return std::nullopt;
  }
}

std::string put_object(S3Client& client, const S3Put& put) {
  const std::string token = random_hex(16);
  const S3Request request = request_of(put, token, client.target());
  try {
    return bare_etag(client.send(request).response.header("etag"));
  } catch (const S3Error& error) {
    if (!put.create_only) throw;
    if (error.status() == 501) {
      S3Put plain = put;
      plain.create_only = false;
      return put_object(client, plain);
    }
    if (error.status() != 412) throw;
    const auto there = head_object(client, put.key, put.doing);
    // An attempt whose answer got lost may have been the one that made it.
    if (there && there->token == token) return there->etag;
    throw Error(ErrorKind::kRefused, "cannot " + put.doing + " in the bucket " +
                                         client.target().bucket + ": it is there already");
  }
}

}  // namespace backups
