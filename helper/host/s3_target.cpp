#include "host/s3_target.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/credentials.hpp"
#include "model/endpoint.hpp"
#include "store/s3/store.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kMebibyte = 1ULL << 20;
constexpr int kShortTimeout = 3;  // seconds

bool in_range(const std::string& value, std::int64_t least, std::int64_t most) {
  const auto number = parse_number(value);
  return number && *number >= least && *number <= most;
}

bool has_only(const std::string& value, std::string_view more) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

/// "General purpose bucket naming rules" of the S3 user guide; old ones may have capitals and '_'.
bool is_bucket(const std::string& value) {
  return value.size() >= 3 && value.size() <= 255 && has_only(value, "._-");
}

/// Object keys are UTF-8 of at most 1,024 bytes (S3 user guide, "Naming Amazon S3 objects"), of
/// which this leaves half. Control characters can't be listed, and '.' and '..' not be asked for.
bool is_prefix(const std::string& value) {
  const std::string bare = bare_prefix(value);
  const auto parts = split(bare, '/');
  return bare.size() <= 512 && printable(bare) == bare &&
         std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
           return part.empty() || part == "." || part == "..";
         });
}

std::vector<TargetOption> options_of_buckets() {
  return {
      {"bucket", "NAME", "the bucket, which must be there", is_bucket, true},
      {"endpoint", "URL", "https://host[:port][/path] of the provider (default: AWS)",
       [](const std::string& value) { return parse_endpoint(value).has_value(); }, true},
      {"region", "NAME", "as us-east-1 or auto (default: us-east-1)",
       [](const std::string& value) { return has_only(value, "-"); }},
      {"prefix", "PATH", "below which everything goes", is_prefix, true},
      {"path-style", "true|false", "the bucket in the path instead of the host name", is_flag},
      {"storage-class", "NAME", "as STANDARD_IA",
       [](const std::string& value) { return has_only(value, "_"); }},
      {"encryption", "AES256|aws:kms", "by the provider, with its own key or one of KMS",
       [](const std::string& value) {
         return is_one_of(value, {"AES256", "aws:kms"});
       }},
      {"kms-key", "ID", "which key of KMS",
       [](const std::string& value) { return has_only(value, ":/_-"); }},
      {"object-lock", "GOVERNANCE|COMPLIANCE", "nobody can delete copies for object-lock-days",
       [](const std::string& value) {
         return is_one_of(value, {"GOVERNANCE", "COMPLIANCE"});
       }},
      {"object-lock-days", "N", "from 1 to 36500",
       [](const std::string& value) { return in_range(value, 1, 36500); }},
      {"ca-file", "FILE", "PEM certificates to trust instead of the system's",
       [](const std::string& value) { return value.starts_with('/'); }, false, true},
      {"parts-in-flight", "N", "parts of an upload sent at a time, from 1 to 16 (default 7)",
       [](const std::string& value) { return in_range(value, 1, 16); }},
      {"part-size", "MIB",
       "all parts of an upload equal and in memory, from 5 to 512 (default: they grow)",
       [](const std::string& value) { return in_range(value, 5, 512); }},
      {"unsigned-payload", "true|false", "sign no digest of what is sent: over https only",
       is_flag},
      {"attempts", "N", "of each request, from 1 to 100 (default 10)",
       [](const std::string& value) { return in_range(value, 1, 100); }},
      {"connect-timeout", "SECONDS", "from 1 to 600 (default 15)",
       [](const std::string& value) { return in_range(value, 1, 600); }},
      {"stall-timeout", "SECONDS", "with next to nothing sent or received (default 60)",
       [](const std::string& value) { return in_range(value, 1, 3600); }},
      {"profile", "NAME", "credentials from that profile of ~/.aws/credentials",
       [](const std::string& value) { return has_only(value, "._-"); }, false, true},
  };
}

void check_bucket(const TargetOptions& options) {
  const auto needs = [&](const char* one, const char* other) {
    if (options.contains(one) && !options.contains(other))
      throw Error(ErrorKind::kBadInput, std::string(one) + " needs " + other);
  };
  needs("object-lock", "object-lock-days");
  needs("object-lock-days", "object-lock");
  needs("kms-key", "encryption");
  const std::string bucket = option_of(options, "bucket");
  if (bucket.empty()) throw Error(ErrorKind::kBadInput, "--bucket is required");
  const auto place = parse_endpoint(option_of(options, "endpoint"));
  if (place && place->path.ends_with("/" + bucket))
    throw Error(ErrorKind::kBadInput,
                "the endpoint " + printable(option_of(options, "endpoint")) +
                    " ends with the name of the bucket, which is added to it: leave that out");
}

std::unique_ptr<Store> open_bucket(const TargetPlace& place) {
  const auto option = [&](const char* name, const std::string& otherwise = {}) {
    return option_of(place.options, name, otherwise);
  };
  S3Target s3;
  s3.endpoint = option("endpoint");
  s3.region = option("region", s3.region);
  s3.bucket = option("bucket");
  const std::string prefix = bare_prefix(option("prefix"));
  s3.prefix = prefix + (prefix.empty() || place.host.empty() ? "" : "/") + place.host;
  // Amazon's buckets have hosts of their own; others always know the path.
  s3.path_style = option("path-style", s3.endpoint.empty() ? "false" : "true") == "true";
  s3.storage_class = option("storage-class");
  s3.server_side_encryption = option("encryption");
  s3.kms_key = option("kms-key");
  s3.object_lock_mode = option("object-lock", s3.object_lock_mode);
  s3.ca_file = option("ca-file");
  s3.unsigned_payload = option("unsigned-payload") == "true";
  const auto number = [&](const char* name, int otherwise) {
    return std::atoi(option(name, std::to_string(otherwise)).c_str());
  };
  s3.object_lock_seconds = number("object-lock-days", 0) * kDay;
  s3.parts_in_flight = number("parts-in-flight", s3.parts_in_flight);
  s3.part_size = static_cast<std::uint64_t>(number("part-size", 0)) * kMebibyte;
  s3.connect_timeout = number("connect-timeout", s3.connect_timeout);
  s3.stall_timeout = number("stall-timeout", s3.stall_timeout);
  s3.attempts = number("attempts", s3.attempts);
  if (place.is_short) {
    s3.attempts = 1;
    s3.fail_fast = true;
    s3.connect_timeout = std::min(s3.connect_timeout, kShortTimeout);
    s3.stall_timeout = std::min(s3.stall_timeout, kShortTimeout);
  }
  S3Credentials credentials = find_credentials(place.root, place.name, place.options);
  credentials.renew = [place] { return find_credentials(place.root, place.name, place.options); };
  return make_s3_store(s3, credentials);
}

}  // namespace

TargetType s3_target() {
  return {"s3", "bucket NAME", options_of_buckets(), true, check_bucket, open_bucket};
}

}  // namespace backups
