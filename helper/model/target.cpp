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
      {"bucket", "NAME", "the bucket, which must be there", is_bucket},
      {"endpoint", "URL", "https://host[:port][/path] of the provider (default: AWS)",
       [](const std::string& value) { return parse_endpoint(value).has_value(); }},
      {"region", "NAME", "as us-east-1 or auto (default: us-east-1)",
       [](const std::string& value) { return has_only(value, "-"); }},
      {"prefix", "PATH", "below which everything goes", is_prefix},
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
       [](const std::string& value) { return value.starts_with('/'); }},
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
  throw Error(ErrorKind::kBadInput,
              "a target has no option '" + printable(name) + "', but: " + join(names, ", "));
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
  if (bucket.empty()) throw Error(ErrorKind::kBadInput, "say which --bucket");
  const auto place = parse_endpoint(given("endpoint"));
  if (place && place->path.ends_with("/" + bucket))
    throw Error(ErrorKind::kBadInput,
                "the endpoint " + printable(given("endpoint")) +
                    " ends with the name of the bucket, which is added to it: leave that out");
}

bool valid_target_name(std::string_view name) { return valid_type(name) && name != kLocalTarget; }

std::vector<std::string> parse_target_list(const std::string& text) {
  std::vector<std::string> names;
  for (const auto& name : split(text, ',')) {
    if (name != kLocalTarget && !valid_target_name(name))
      throw Error(ErrorKind::kBadInput, "'" + printable(name) + "' is not the name of a target");
    if (!is_one_of(name, names)) names.push_back(name);
  }
  return names;
}

}  // namespace backups
