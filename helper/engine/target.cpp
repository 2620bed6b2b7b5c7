#include "engine/target.hpp"

#include <array>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/s3.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

fs::path secret_file(const State& state, const std::string& target) {
  return state.root() / "secrets" / target;
}

bool is_token(std::string_view text) {
  return !text.empty() && text.find_first_of(" \t\r\n") == std::string_view::npos;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// One profile of an AWS credentials file: an INI file, whose format the AWS CLI's guide describes
/// ("Configuration and credential file settings").
std::optional<Credentials> read_profile(const fs::path& file, const std::string& profile) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  Credentials found{"", "", "", "profile " + profile};
  bool inside = false;
  for (const auto& raw : split(*text, '\n')) {
    const std::string line = trim(raw);
    if (line.starts_with("[")) inside = line == "[" + profile + "]";
    const auto equals = line.find('=');
    if (!inside || equals == std::string::npos) continue;
    const std::string name = trim(line.substr(0, equals));
    const std::string value = trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") found.key = value;
    if (name == "aws_secret_access_key") found.secret = value;
    if (name == "aws_session_token") found.token = value;
  }
  if (found.key.empty() || found.secret.empty()) return std::nullopt;
  return found;
}

std::string credentials_file() {
  const std::string named = environment("AWS_SHARED_CREDENTIALS_FILE");
  return named.empty() ? environment("HOME") + "/.aws/credentials" : named;
}

}  // namespace

std::vector<std::string> default_targets(const State& state, const Source& source) {
  return parse_target_list(state.settings().get(source.text(), "targets"));
}

void require_targets(const State& state, const std::vector<std::string>& names) {
  const Settings settings = state.settings();
  for (const auto& name : names) {
    if (name != kLocalTarget && !settings.targets.contains(name))
      throw Error(ErrorKind::kNotFound, "there is no target '" + printable(name) +
                                            "': see backups:target-list, or make it with "
                                            "backups:target-add");
  }
}

Credentials parse_credentials(const std::string& text) {
  const auto parts = split(trim(text), ':');
  const bool good = parts.size() >= 2 && is_token(parts[0]) && is_token(parts[1]);
  if (!good)
    throw Error(ErrorKind::kBadInput,
                "credentials are one line on stdin, KEY:SECRET or KEY:SECRET:TOKEN");
  // A token may hold colons; keys and secrets don't.
  const std::string token = join({parts.begin() + 2, parts.end()}, ":");
  if (parts.size() > 2 && !is_token(token))
    throw Error(ErrorKind::kBadInput, "the session token of the credentials is none");
  return {parts[0], parts[1], token, "given"};
}

void save_credentials(const State& state, const std::string& target, const Credentials& given) {
  write_file_atomically(
      secret_file(state, target),
      given.key + ":" + given.secret + (given.token.empty() ? "" : ":" + given.token) + "\n");
}

void forget_credentials(const State& state, const std::string& target) {
  remove_durably(secret_file(state, target));
}

Credentials find_credentials(const State& state, const std::string& target) {
  if (const auto text = read_file(secret_file(state, target))) return parse_credentials(*text);
  const Settings settings = state.settings();
  const auto& options = settings.targets.at(target);
  if (const auto profile = options.find("profile"); profile != options.end()) {
    if (auto found = read_profile(credentials_file(), profile->second)) return *found;
    throw Error(ErrorKind::kKey, "target " + target + ": " + credentials_file() +
                                     " has no profile '" + printable(profile->second) + "'");
  }
  Credentials own{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                  environment("AWS_SESSION_TOKEN"), "environment"};
  if (!own.key.empty() && !own.secret.empty()) return own;
  throw Error(ErrorKind::kKey, "target " + target +
                                   " has no credentials: give them with backups:target-set " +
                                   target + " credentials, KEY:SECRET on stdin");
}

std::unique_ptr<S3Store> open_target(const State& state, const std::string& target,
                                     const std::string& host) {
  require_targets(state, {target});
  const TargetOptions options = state.settings().targets.at(target);
  const auto option = [&](const char* name, const std::string& otherwise = {}) {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : found->second;
  };
  S3Target s3;
  s3.endpoint = option("endpoint");
  s3.region = option("region", s3.region);
  s3.bucket = option("bucket");
  s3.prefix = option("prefix") + (option("prefix").empty() || host.empty() ? "" : "/") + host;
  // Amazon's buckets have hosts of their own; others always know the path.
  s3.path_style = option("path-style", s3.endpoint.empty() ? "false" : "true") == "true";
  s3.storage_class = option("storage-class");
  s3.server_side_encryption = option("encryption");
  s3.kms_key = option("kms-key");
  s3.object_lock_mode = option("object-lock");
  s3.object_lock_days = std::atoi(option("object-lock-days", "0").c_str());
  s3.ca_file = option("ca-file");
  s3.parts_in_flight = std::atoi(option("parts-in-flight", "4").c_str());
  const Credentials found = find_credentials(state, target);
  return make_s3_store(s3, {found.key, found.secret, found.token});
}

}  // namespace backups
