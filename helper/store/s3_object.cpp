#include "store/s3_object.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.hpp"
#include "store/s3_problem.hpp"
#include "stream/digest.hpp"
#include "sys/fd.hpp"

namespace backups {
namespace {

constexpr int kShortRequest = 120;  // seconds
constexpr std::size_t kReadSize = 1024 * 1024;
constexpr const char* kLockMode = "x-amz-object-lock-mode";
constexpr const char* kLockUntil = "x-amz-object-lock-retain-until-date";

/// What is locked needs a Content-MD5, or one of the newer checksums, which not all know.
Fields::value_type content_md5(std::string_view body, const FileRange& file) {
  return {"content-md5", base64_of_hex(hash_of("MD5", body, file))};
}

S3Request request_of(const S3Put& put, const std::string& token, const S3Target& target) {
  S3Request request{.doing = put.doing, .method = "PUT", .key = put.key};
  request.sha256 = hash_of("SHA256", put.body, put.file);
  request.headers = object_headers(target, token);
  request.headers.emplace_back("x-amz-checksum-sha256", base64_of_hex(request.sha256));
  if (target.locks()) request.headers.push_back(content_md5(put.body, put.file));
  if (put.create_only) request.headers.emplace_back("if-none-match", "*");
  request.body = put.body;
  request.file = put.file;
  return request;
}

std::string lock_end(const S3Target& target) { return rfc3339(now() + target.object_lock_seconds); }

void set_retention(S3Client& client, const std::string& key, const std::string& doing) {
  const S3Target& target = client.target();
  const std::string body = write_retention(target.object_lock_mode, lock_end(target));
  S3Request request{.doing = doing, .method = "PUT", .key = key};
  request.query = {{"retention", ""}};
  request.headers = {{"content-type", "application/xml"}, content_md5(body, {})};
  request.body = body;
  request.timeout = kShortRequest;
  client.send(request);
}

bool is_locked(S3Client& client, const std::string& key, const std::string& doing) {
  const auto head = head_object(client, key, doing);
  return head && locked_until(*head);
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
  if (target.locks()) {
    add(kLockMode, target.object_lock_mode);
    add(kLockUntil, lock_end(target));
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

std::string hash_of(const char* name, std::string_view body, const FileRange& file) {
  Hasher hasher(name);
  if (file.fd < 0) {
    hasher.update(body);
    return hasher.finish();
  }
  std::vector<char> buffer(kReadSize);
  for (std::uint64_t done = 0; done < file.size;) {
    const auto wanted = std::min<std::uint64_t>(buffer.size(), file.size - done);
    const std::size_t got = read_at(file.fd, buffer.data(), static_cast<std::size_t>(wanted),
                                    file.offset + done, "what is sent");
    if (got == 0) throw Error(ErrorKind::kDamaged, "a file became shorter while it was sent");
    hasher.update({buffer.data(), got});
    done += got;
  }
  return hasher.finish();
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

std::optional<Time> locked_until(const S3Head& head) {
  if (head.response.header("x-amz-object-lock-legal-hold") == "ON") return Store::kForever;
  // "2026-04-08T14:30:00.000Z"
  return parse_rfc3339(head.response.header(kLockUntil).substr(0, 19) + "Z");
}

void ensure_lock(S3Client& client, const std::string& key, const std::string& doing) {
  if (!client.target().locks() || is_locked(client, key, doing)) return;
  set_retention(client, key, doing);
  if (!is_locked(client, key, doing))
    throw Error(ErrorKind::kRefused,
                "cannot " + doing + " in the bucket " + client.target().bucket +
                    ": objects are not locked; make the bucket with Object Lock, allow "
                    "s3:GetObjectRetention and s3:PutObjectRetention, or leave object-lock out");
}

namespace {

std::string send_object(S3Client& client, const S3Put& put) {
  const std::string token = random_hex(16);
  const S3Request request = request_of(put, token, client.target());
  try {
    return bare_etag(client.send(request).response.header("etag"));
  } catch (const S3Error& error) {
    if (!put.create_only) throw;
    if (error.status() == 501) {
      S3Put plain = put;
      plain.create_only = false;
      return send_object(client, plain);
    }
    if (error.status() != 412) throw;
    const auto there = head_object(client, put.key, put.doing);
    // An attempt whose answer got lost may have been the one that made it.
    if (there && there->token == token) return there->etag;
    throw KeyTaken("cannot " + put.doing + " in the bucket " + client.target().bucket +
                   ": it is there already");
  }
}

}  // namespace

std::string put_object(S3Client& client, const S3Put& put) {
  const std::string etag = send_object(client, put);
  ensure_lock(client, put.key, put.doing);
  return etag;
}

}  // namespace backups
