#include "model/target.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/endpoint.hpp"
#include "model/source.hpp"

namespace backups {
namespace {

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

}  // namespace

const std::vector<TargetOption>& target_options() {
  static const std::vector<TargetOption> kOptions = {
      {"bucket", "NAME", "the bucket, which must exist", is_bucket},
      {"endpoint", "URL", "https://host[:port][/path] of the provider (default: AWS)",
       [](const std::string& value) { return parse_endpoint(value).has_value(); }},
      {"region", "NAME", "the region, such as us-east-1 or auto (default: us-east-1)",
       [](const std::string& value) { return has_only(value, "-"); }},
      {"prefix", "PATH", "store everything below this path", is_prefix},
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
       [](const std::string& value) { return value.starts_with('/'); }},
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
       [](const std::string& value) { return has_only(value, "._-"); }},
  };
  return kOptions;
}

void check_target_option(const std::string& name, const std::string& value) {
  std::vector<std::string> names;
  for (const auto& option : target_options()) {
    names.emplace_back(option.name);
    if (name != option.name) continue;
    if (option.valid(value)) return;
    throw Error(ErrorKind::kBadInput,
                name + " takes " + option.takes + ", not '" + printable(value) + "'");
  }
  throw Error(ErrorKind::kBadInput, "unknown target option '" + printable(name) +
                                        "', valid options: " + join(names, ", "));
}

void check_target_options(const TargetOptions& options) {
  const auto needs = [&](const char* one, const char* other) {
    if (options.contains(one) && !options.contains(other))
      throw Error(ErrorKind::kBadInput, std::string(one) + " needs " + other);
  };
  needs("object-lock", "object-lock-days");
  needs("object-lock-days", "object-lock");
  needs("kms-key", "encryption");
  const auto given = [&](const char* name) {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  };
  const std::string bucket = given("bucket");
  if (bucket.empty()) throw Error(ErrorKind::kBadInput, "--bucket is required");
  const auto place = parse_endpoint(given("endpoint"));
  if (place && place->path.ends_with("/" + bucket))
    throw Error(
        ErrorKind::kBadInput,
        "the endpoint " + printable(given("endpoint")) +
            " ends with the name of the bucket, which is added automatically: leave it out");
}

bool valid_target_name(std::string_view name) { return valid_type(name) && name != kLocalTarget; }

std::vector<std::string> parse_target_list(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& name : split(text, ',')) {
    if (name != kLocalTarget && !valid_target_name(name))
      throw Error(ErrorKind::kBadInput, "invalid target name '" + printable(name) + "'");
    if (!is_one_of(name, names)) names.push_back(name);
  }
  return names;
}

}  // namespace backups
