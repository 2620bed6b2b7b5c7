#include "host/target.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "host/credentials.hpp"
#include "model/endpoint.hpp"
#include "store/s3.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kMebibyte = 1ULL << 20;
constexpr int kHastyTimeout = 3;  // seconds

}  // namespace

std::vector<std::string> default_targets(const State& state, const Source& source) {
  return parse_target_list(state.settings().get(source.text(), "targets"));
}

void require_targets(const State& state, const std::vector<std::string>& names) {
  const Settings settings = state.settings();
  for (const auto& name : names) {
    if (name != kLocalTarget && !settings.targets.contains(name))
      throw Error(ErrorKind::kNotFound, "unknown target '" + printable(name) + "': see " +
                                            command("target-list") + ", or add it with " +
                                            command("target-add"));
  }
}

std::unique_ptr<S3Store> open_target(const State& state, const std::string& target,
                                     const std::string& host, bool is_short) {
  require_targets(state, {target});
  const TargetOptions options = state.settings().targets.at(target);
  check_target_options(options);
  const auto option = [&](const char* name, const std::string& otherwise = {}) {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
  };
  S3Target s3;
  s3.endpoint = option("endpoint");
  s3.region = option("region", s3.region);
  s3.bucket = option("bucket");
  const std::string prefix = bare_prefix(option("prefix"));
  s3.prefix = prefix + (prefix.empty() || host.empty() ? "" : "/") + host;
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
  if (is_short) {
    s3.attempts = 1;
    s3.fail_fast = true;
    s3.connect_timeout = std::min(s3.connect_timeout, kHastyTimeout);
    s3.stall_timeout = std::min(s3.stall_timeout, kHastyTimeout);
  }
  S3Credentials credentials = find_credentials(state.root(), target, options);
  credentials.renew = [root = state.root(), target, options] {
    return find_credentials(root, target, options);
  };
  return make_s3_store(s3, credentials);
}

}  // namespace backups
