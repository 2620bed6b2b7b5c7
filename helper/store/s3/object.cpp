#include "store/s3/object.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "store/s3/problem.hpp"
#include "stream/digest.hpp"
#include "sys/fd.hpp"

namespace backups {
namespace {

constexpr int kFindAttempts = 3;  // attempts to find a new object; some servers need a moment
constexpr std::size_t kReadAtOnce = 1024 * 1024;
constexpr const char* kLockMode = "x-amz-object-lock-mode";
constexpr const char* kLockUntil = "x-amz-object-lock-retain-until-date";

/// Locked objects require a Content-MD5, or a newer checksum that not all servers support.
Fields::value_type content_md5(std::string_view body, const FileRange& file) {
  return {"content-md5", base64_of_hex(hash_of("MD5", body, file))};
}

S3Request request_of(const S3Put& put, const std::string& token, bool conditional,
                     S3Client& client) {
  const S3Target& target = client.target();
  S3Request request{.doing = put.doing, .method = "PUT", .key = put.key};
  request.sha256 = hash_of("SHA256", put.body, put.file);
  request.headers = object_headers(client, put.key, token);
  request.headers.emplace_back("x-amz-checksum-sha256", base64_of_hex(request.sha256));
  if (target.locks()) request.headers.push_back(content_md5(put.body, put.file));
  if (conditional) request.headers.emplace_back("if-none-match", "*");
  request.body = put.body;
  request.file = put.file;
  return request;
}

/// By the clock of the object store, which any answer tells: nobody can undo a lock that a clock
/// which is ahead has made too long.
std::string lock_end(S3Client& client, const std::string& key) {
  if (!client.skew()) head_if_allowed(client, key, "look at " + key);
  return rfc3339(now() + client.skew().value_or(0) + client.target().object_lock_seconds);
}

void set_retention(S3Client& client, const std::string& key, const std::string& doing) {
  const S3Target& target = client.target();
  const std::string body = write_retention(target.object_lock_mode, lock_end(client, key));
  S3Request request{.doing = doing, .method = "PUT", .key = key};
  request.query = {{"retention", ""}};
  request.headers = {{"content-type", "application/xml"}, content_md5(body, {})};
  request.body = body;
  request.timeout = kShortRequest;
  client.send(request);
}

bool is_read_denied(const S3Error& error) {
  return error.status() == 403 || error.status() == 405 || error.status() == 501;
}

bool is_locked(S3Client& client, const std::string& key, const std::string& doing) {
  const auto head = head_object(client, key, doing);
  return head && locked_until(*head);
}

}  // namespace

Fields object_headers(S3Client& client, const std::string& key, const std::string& token) {
  const S3Target& target = client.target();
  Fields headers = {{kTokenHeader, token}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("x-amz-storage-class", target.storage_class);
  add("x-amz-server-side-encryption", target.server_side_encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", target.kms_key);
  if (target.locks()) {
    add(kLockMode, target.object_lock_mode);
    add(kLockUntil, lock_end(client, key));
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
  std::vector<char> buffer(kReadAtOnce);
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
    // The response to a HEAD does not include the web page.
    if (response.header("etag").empty() && response.header("content-type").starts_with("text/html"))
      throw Error(not_s3().kind, "cannot " + doing + " in the bucket " + client.target().bucket +
                                     ": " + not_s3().text);
    const auto size = parse_number(response.header("content-length"));
    return S3Head{
        size && *size >= 0 ? std::optional(static_cast<std::uint64_t>(*size)) : std::nullopt,
        bare_etag(response.header("etag")), response.header(kTokenHeader), std::move(response)};
  } catch (const S3Error& error) {
    if (error.status() != 404) throw;
    return std::nullopt;
  }
}

std::optional<Time> locked_until(const S3Head& head) {
  if (head.response.header("x-amz-object-lock-legal-hold") == "ON") return ObjectLock::kForever;
  // "2026-04-08T14:30:00.000Z"
  return parse_rfc3339(head.response.header(kLockUntil).substr(0, 19) + "Z");
}

void ensure_lock(S3Client& client, const std::string& key, const std::string& doing) {
  if (!client.target().locks() || is_locked(client, key, doing)) return;
  set_retention(client, key, doing);
  if (!is_locked(client, key, doing))
    throw Error(ErrorKind::kRefused,
                "cannot " + doing + " in the bucket " + client.target().bucket +
                    ": objects are not locked; create the bucket with Object Lock, allow "
                    "s3:GetObjectRetention and s3:PutObjectRetention, or leave object-lock out");
}

std::optional<S3Head> head_if_allowed(S3Client& client, const std::string& key,
                                      const std::string& doing) {
  try {
    return head_object(client, key, doing);
  } catch (const S3Error& error) {
    if (!is_read_denied(error)) throw;
    return std::nullopt;
  }
}

bool refuses_condition(const S3Error& error) {
  // These are about something else.
  static const std::set<int> statuses = {401, 403, 404, 408, 412, 429};
  static const std::set<std::string> codes = {"EntityTooLarge", "EntityTooSmall", "InvalidPart",
                                              "InvalidPartOrder", "MalformedXML"};
  const int status = error.status();
  return status == 501 || status == 304 ||
         (status >= 400 && status < 500 && !statuses.contains(status) &&
          !codes.contains(error.code()));
}

bool is_absent(S3Client& client, const std::string& key, const std::string& doing) {
  for (int attempt = 1;; ++attempt) {
    try {
      if (head_object(client, key, doing)) return false;
    } catch (const S3Error& error) {
      if (!is_read_denied(error)) throw;
      return false;
    }
    if (attempt == kFindAttempts) return true;
    client.pause(attempt, 0, nullptr);
  }
}

void require_absent(S3Client& client, const std::string& key, const std::string& doing) {
  if (head_if_allowed(client, key, doing)) throw_exists(client, doing);
}

void throw_exists(const S3Client& client, const std::string& doing) {
  throw KeyTaken("cannot " + doing + " in the bucket " + client.target().bucket +
                 ": an object of that name already exists");
}

std::string confirm_object(S3Client& client, const std::string& key, const std::string& doing,
                           const S3Written& written) {
  const auto fail = [&](ErrorKind kind, const std::string& why) {
    throw Error(kind, "cannot " + doing + " in the bucket " + client.target().bucket + ": " + why);
  };
  std::optional<S3Head> head;
  for (int attempt = 1;; ++attempt) {
    try {
      head = head_object(client, key, doing);
    } catch (const S3Error& error) {
      if (!is_read_denied(error)) throw;
      return written.etag;
    }
    if (head) break;
    if (attempt == kFindAttempts)
      fail(ErrorKind::kUnreachable,
           "the server reported success, but the object is not there; check the endpoint");
    client.pause(attempt, 0, nullptr);
  }
  if (head->size && *head->size != written.size)
    fail(ErrorKind::kDamaged, "the server stored an object of " + std::to_string(*head->size) +
                                  " bytes from " + std::to_string(written.size));
  if (!head->token.empty() && head->token != written.token)
    fail(ErrorKind::kRefused, "somebody else wrote the same object at the same time");
  const bool same_etag = written.etag.empty() || head->etag == written.etag;
  if (head->token.empty() && (!head->size || !same_etag))
    fail(ErrorKind::kUnreachable,
         "the server does not return what was written; check that the endpoint is an S3 API");
  return written.etag.empty() ? head->etag : written.etag;
}

namespace {

/// The ETag. Throws S3Error.
std::string send_once(S3Client& client, const S3Put& put, const std::string& token,
                      bool conditional) {
  const HttpResponse response = client.send(request_of(put, token, conditional, client)).response;
  const std::string etag = bare_etag(response.header("etag"));
  if (etag.empty())
    throw Error(ErrorKind::kUnreachable, "cannot " + put.doing + " in the bucket " +
                                             client.target().bucket + ": " +
                                             without_etag(response));
  return etag;
}

S3Stored send_object(S3Client& client, const S3Put& put, bool conditional) {
  if (put.is_new && !conditional) require_absent(client, put.key, put.doing);
  const std::string token = random_hex(16);
  const std::uint64_t size = put.file.fd >= 0 ? put.file.size : put.body.size();
  std::string etag;
  try {
    etag = send_once(client, put, token, conditional);
  } catch (const S3Error& error) {
    if (!conditional) throw;
    if (refuses_condition(error)) {
      client.disable_conditions();
      return send_object(client, put, false);
    }
    if (error.status() != 412) throw;
    const auto there = head_if_allowed(client, put.key, put.doing);
    if (!there && is_absent(client, put.key, put.doing)) return send_object(client, put, false);
    // A request whose response was lost may have created it.
    if (!there || there->token != token) throw_exists(client, put.doing);
    etag = there->etag;
  }
  return {size, confirm_object(client, put.key, put.doing, {size, etag, token})};
}

}  // namespace

S3Stored put_object(S3Client& client, const S3Put& put) {
  S3Stored stored = send_object(client, put, put.is_new && client.conditions());
  ensure_lock(client, put.key, put.doing);
  return stored;
}

}  // namespace backups
