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

constexpr int kShortTimeout = 3;  // seconds

bool in_range(const std::string& value, std::int64_t least, std::int64_t most) {
  const auto number = parse_number(value);
  return number && *number >= least && *number <= most;
}

/// S3 User Guide, "General purpose bucket naming rules"; old buckets may also have capitals and
/// '_'.
bool is_bucket(const std::string& value) {
  return value.size() >= 3 && value.size() <= 255 && has_only(value, "._-");
}

/// Object keys are UTF-8 of at most 1,024 bytes (S3 User Guide, "Naming Amazon S3 objects"), of
/// which a prefix may use half. Control characters cannot be listed, and '.' and '..' cannot be
/// requested.
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
      {"bucket", "NAME", "the bucket, which must exist", is_bucket, true},
      {"endpoint", "URL", "https://host[:port][/path] of the provider (default: AWS)",
       [](const std::string& value) { return parse_endpoint(value).has_value(); }, true},
      {"region", "NAME", "the region, such as us-east-1 or auto (default: us-east-1)",
       [](const std::string& value) { return has_only(value, "-"); }},
      {"prefix", "PATH", "store everything below this path", is_prefix, true},
      {"path-style", "true|false", "put the bucket in the path instead of the host name", is_flag},
      {"storage-class", "NAME", "the storage class of new files, such as STANDARD_IA",
       [](const std::string& value) { return has_only(value, "_"); }},
      {"encryption", "AES256|aws:kms", "encryption by the provider, with its own key or one of KMS",
       [](const std::string& value) {
         return is_one_of(value, {"AES256", "aws:kms"});
       }},
      {"kms-key", "ID", "the key of KMS",
       [](const std::string& value) { return has_only(value, ":/_-"); }},
      {"object-lock", "GOVERNANCE|COMPLIANCE", "protect copies from deletion for object-lock-days",
       [](const std::string& value) {
         return is_one_of(value, {"GOVERNANCE", "COMPLIANCE"});
       }},
      {"object-lock-days", "N", "days of the lock, from 1 to 36500",
       [](const std::string& value) { return in_range(value, 1, 36500); }},
      {"ca-file", "FILE", "PEM certificates to trust instead of the system's",
       [](const std::string& value) { return value.starts_with('/'); }, false, true},
      {"parts-in-flight", "N", "parts of an upload sent in parallel, from 1 to 16 (default 7)",
       [](const std::string& value) { return in_range(value, 1, 16); }},
      {"part-size", "MIB",
       "size of all parts of an upload, from 5 to 512; one is held in memory (default: growing)",
       [](const std::string& value) { return in_range(value, 5, 512); }},
      {"unsigned-payload", "true|false", "do not sign a digest of the data sent (https only)",
       is_flag},
      {"attempts", "N", "attempts at each request, from 1 to 100 (default 10)",
       [](const std::string& value) { return in_range(value, 1, 100); }},
      {"connect-timeout", "SECONDS", "time to connect, from 1 to 600 (default 15)",
       [](const std::string& value) { return in_range(value, 1, 600); }},
      {"stall-timeout", "SECONDS", "time with almost no data sent or received (default 60)",
       [](const std::string& value) { return in_range(value, 1, 3600); }},
      {"profile", "NAME", "use the credentials of this profile of ~/.aws/credentials",
       [](const std::string& value) { return has_only(value, "._-"); }, false, true},
  };
}

void check_bucket(const TargetOptions& options) {
  const auto needs = [&](const char* one, const char* other) {
    if (options.contains(one) && !options.contains(other))
      throw Error(ErrorKind::kBadInput, std::string(one) + " requires " + other);
  };
  needs("object-lock", "object-lock-days");
  needs("object-lock-days", "object-lock");
  needs("kms-key", "encryption");
  const std::string bucket = option_of(options, "bucket");
  if (bucket.empty()) throw Error(ErrorKind::kBadInput, "--bucket is required");
  const auto place = parse_endpoint(option_of(options, "endpoint"));
  if (place && place->path.ends_with("/" + bucket))
    throw Error(
        ErrorKind::kBadInput,
        "the endpoint " + printable(option_of(options, "endpoint")) +
            " ends with the name of the bucket, which is added automatically: leave it out");
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
  // Each bucket of Amazon has a host name; all other servers support the bucket in the path.
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
