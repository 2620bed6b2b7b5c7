#include "store/s3/problem.hpp"

#include <cctype>
#include <map>

#include "base/text.hpp"
#include "model/endpoint.hpp"
#include "store/s3/retry.hpp"

namespace backups {
namespace {

const std::map<std::string, const char*>& advice_by_code() {
  static const std::map<std::string, const char*> advice = {
      {"AccessDenied", "the credentials lack this permission, or the bucket's policy forbids it"},
      {"AllAccessDisabled", "the provider has closed this bucket: ask them"},
      {"ExpiredToken", "the session of these credentials has expired: set new ones"},
      {"InvalidAccessKeyId", "the access key is unknown there: set the right one"},
      {"InvalidToken", "the session token does not belong to the access key: set all three again"},
      {"InvalidArgument",
       "one of the target's options has a value that the provider does not accept"},
      {"InvalidObjectState",
       "it is in an archive storage class: have the provider restore it first"},
      {"InvalidRequest", "the bucket or the target's options do not allow it"},
      {"InvalidStorageClass", "the provider has no such storage class: correct the target"},
      {"NoSuchBucket", "create it, or correct the bucket's name or the endpoint"},
      {"NoSuchKey", ""},
      {"NoSuchUpload", "another process or the bucket's lifecycle rule aborted this upload"},
      {"NotImplemented", "the provider does not support this: leave that option of the target out"},
      {"QuotaExceeded", "free space, or have the quota raised"},
      {"RequestTimeTooSkewed", "the clock of this host is wrong: correct it"},
      {"SignatureDoesNotMatch", "the secret key does not belong to the access key: set both again"},
  };
  return advice;
}

}  // namespace

std::optional<S3Problem> problem_in(const HttpResponse& response, bool needs_xml) {
  if (is_web_page(response)) return S3Problem{};
  if (response.ok() && !needs_xml) return std::nullopt;
  if (auto problem = read_problem(response.body)) return problem;
  if (!response.ok()) return S3Problem{};
  return is_xml(response.body) ? std::nullopt : std::optional(S3Problem{});
}

bool is_web_page(const HttpResponse& response) {
  if (!response.ok() || response.body.empty()) return false;
  const std::string start = lower(trim(response.body.substr(0, 200)).substr(0, 14));
  return response.header("content-type").starts_with("text/html") || start.starts_with("<html") ||
         start.starts_with("<!doctype html");
}

S3Advice not_s3() {
  return {ErrorKind::kUnreachable,
          "the answer is a web page, so this is not an S3 API: check the endpoint (a console or a "
          "portal often has another host name or port than the API)"};
}

std::string without_etag(const HttpResponse& head) {
  if (head.header("content-type").starts_with("text/html")) return not_s3().text;
  return "the server answers without an ETag, so it is not an S3 API; check the endpoint";
}

std::string redirected_to(const HttpResponse& response, const S3Problem& problem,
                          const std::string& bucket) {
  if (response.status < 300 || response.status >= 400) return "";
  const auto url = [&](const Endpoint& place) {
    const bool in_host = place.authority.starts_with(lower(bucket) + ".");
    return place.scheme + "://" + place.authority.substr(in_host ? bucket.size() + 1 : 0);
  };
  const std::string location = response.header("location");
  const std::size_t scheme = location.find("://");
  const std::size_t end = location.find_first_of("/?#", scheme + 3);
  if (scheme != std::string::npos)
    if (const auto place = parse_endpoint(location.substr(0, end))) return url(*place);
  const auto place = parse_endpoint("https://" + problem.endpoint);
  return place ? url(*place) : "";
}

bool is_checksum(const Fields::value_type& header) {
  return header.first.starts_with("x-amz-checksum-");
}

bool refuses_checksums(int status, const S3Problem& problem) {
  if (status == 501) return true;
  return status == 400 && !is_mismatch(problem.code) &&
         problem.message.find("hecksum") != std::string::npos;
}

S3Advice advice_on(int status, const std::string& code, const S3Target& target) {
  if (is_mismatch(code))
    return {ErrorKind::kDamaged,
            "the data was altered in transit: check the network and any proxy"};
  const auto found = advice_by_code().find(code);
  const std::string text = found == advice_by_code().end() ? "" : found->second;
  if (code == "InvalidRequest" && target.locks())
    return {ErrorKind::kUnreachable,
            "locked objects need a bucket that was created with Object Lock: create one, or leave "
            "object-lock out"};
  if (code == "NoSuchBucket") return {ErrorKind::kNotFound, text};
  if (!text.empty()) return {ErrorKind::kUnreachable, text};
  if (status >= 300 && status < 400)
    return {ErrorKind::kUnreachable,
            "the bucket is elsewhere: correct the endpoint, the region or " +
                std::string(target.path_style ? "path" : "virtual-hosted") + " style"};
  if (status == 403)
    return {ErrorKind::kUnreachable,
            "check the credentials, their permissions and this host's clock"};
  if (status == 404) return {ErrorKind::kUnreachable, "check the bucket's name and the endpoint"};
  if (status == 429 || status >= 500)
    return {ErrorKind::kUnreachable, "the provider has a problem: try again later"};
  return {ErrorKind::kUnreachable, ""};
}

std::string advice_on(HttpFailure::Cause cause, const S3Target& target) {
  switch (cause) {
    case HttpFailure::Cause::kNotReached:
      return "check the endpoint, and this host's network";
    case HttpFailure::Cause::kCertificate:
      if (!target.path_style && target.bucket.find('.') != std::string::npos)
        return "a bucket with dots in its name needs path style";
      return "give the certificate of its authority (ca-file), or correct the endpoint";
    default:
      return "try again later";
  }
}

}  // namespace backups
