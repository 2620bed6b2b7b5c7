#include "host/credentials.hpp"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "sys/file.hpp"
#include "sys/http.hpp"

namespace backups {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr const char* kEnvironment = "environment";
constexpr std::size_t kMinTokenLength = 80;
constexpr int kRoleTimeout = 2;  // seconds; a role service answers at once

fs::path secret_file(const fs::path& root, const std::string& target) {
  return root / "secrets" / target;
}

/// True for what can be part of an HTTP header and has no blanks.
bool is_token(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

/// Splits KEY:SECRET. With more colons the parts are ambiguous, unless the rest is as long as only
/// a session's token is.
std::vector<std::string> of_one_line(const std::string& line) {
  const auto parts = split(line, ':');
  if (parts.size() <= 2) return parts;
  const std::string token = join({parts.begin() + 2, parts.end()}, ":");
  if (token.size() < kMinTokenLength)
    throw Error(ErrorKind::kBadInput,
                "these credentials contain more than one colon: give the key, the secret and, for "
                "a session, the token on separate lines");
  return {parts[0], parts[1], token};
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string credentials_file() {
  const std::string named = environment("AWS_SHARED_CREDENTIALS_FILE");
  return named.empty() ? environment("HOME") + "/.aws/credentials" : named;
}

/// Reads a profile of an AWS credentials file (AWS CLI User Guide, "Configuration and credential
/// file settings").
std::optional<S3Credentials> of_profile(const fs::path& file, const std::string& profile) {
  const auto text = read_file(file);
  if (!text) return std::nullopt;
  S3Credentials found{"", "", "", "profile " + profile};
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

std::optional<S3Credentials> of_environment() {
  const S3Credentials found{environment("AWS_ACCESS_KEY_ID"), environment("AWS_SECRET_ACCESS_KEY"),
                            environment("AWS_SESSION_TOKEN"), kEnvironment};
  if (found.key.empty() || found.secret.empty()) return std::nullopt;
  return found;
}

/// Returns the body of a successful response. Without a proxy, since role services are on this host
/// or its hypervisor.
std::optional<std::string> ask(const std::string& method, const std::string& url,
                               const Headers& headers) {
  try {
    HttpClient client({"", kRoleTimeout, kRoleTimeout, true});
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.headers = headers;
    request.timeout = kRoleTimeout;
    const HttpResponse response = client.send(request);
    if (response.ok()) return response.body;
  } catch (const HttpFailure&) {  // there is no such service
  }
  return std::nullopt;
}

/// Parses the response of both kinds of role: AccessKeyId, SecretAccessKey, Token, Expiration (RFC
/// 3339).
std::optional<S3Credentials> of_answer(const std::optional<std::string>& body,
                                       const std::string& origin) {
  if (!is_shallow(body.value_or(""))) return std::nullopt;
  const auto json = nlohmann::json::parse(body.value_or(""), nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : "";
  };
  const S3Credentials found{text("AccessKeyId"), text("SecretAccessKey"), text("Token"), origin,
                            parse_rfc3339(text("Expiration"))};
  if (found.key.empty() || found.secret.empty()) return std::nullopt;
  return found;
}

/// AWS SDKs and Tools Reference Guide, "Container credential provider".
std::optional<S3Credentials> of_container() {
  const std::string relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string url = relative.empty() ? environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")
                                           : "http://169.254.170.2" + relative;
  if (url.empty()) return std::nullopt;
  std::string token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty())
    token = trim(read_file(file).value_or(""));
  Headers headers;
  if (!token.empty()) headers.emplace_back("Authorization", token);
  return of_answer(ask("GET", url, headers), "container role");
}

/// Amazon EC2 User Guide, "Use the Instance Metadata Service", version 2.
std::optional<S3Credentials> of_instance() {
  if (environment("AWS_EC2_METADATA_DISABLED") == "true") return std::nullopt;
  const std::string named = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const std::string service = (named.empty() ? "http://169.254.169.254" : named) + "/latest/";
  const auto token =
      ask("PUT", service + "api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}});
  if (!token) return std::nullopt;
  const Headers headers = {{"X-aws-ec2-metadata-token", *token}};
  const std::string roles = service + "meta-data/iam/security-credentials/";
  const auto listed = ask("GET", roles, headers);
  const std::string role = trim(split(listed.value_or(""), '\n').front());
  if (role.empty()) return std::nullopt;
  return of_answer(ask("GET", roles + role, headers), "instance role " + printable(role));
}

}  // namespace

S3Credentials parse_credentials(const std::string& text) {
  std::vector<std::string> parts = split(trim(text), '\n');
  for (auto& part : parts) part = trim(part);
  if (parts.size() == 1) parts = of_one_line(parts[0]);
  if (parts.size() < 2 || parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_token))
    throw Error(ErrorKind::kBadInput,
                "credentials are read from stdin: KEY:SECRET on one line, or the key, the secret "
                "and, for a session, the token on separate lines");
  return {parts[0], parts[1], parts.size() == 3 ? parts[2] : "", "given"};
}

void save_credentials(const fs::path& root, const std::string& target, const S3Credentials& given) {
  write_file_atomically(
      secret_file(root, target),
      given.key + "\n" + given.secret + "\n" + (given.token.empty() ? "" : given.token + "\n"));
}

void forget_credentials(const fs::path& root, const std::string& target) {
  remove_durably(secret_file(root, target));
}

void warn_of_environment(const std::string& target, const std::string& origin) {
  if (origin == kEnvironment)
    log::warn("This environment is missing over SSH and under cron: give " + target +
              " credentials of its own");
}

S3Credentials find_credentials(const fs::path& root, const std::string& target,
                               const TargetOptions& options) {
  if (const auto text = read_file(secret_file(root, target))) return parse_credentials(*text);
  if (const auto profile = options.find("profile"); profile != options.end()) {
    if (auto found = of_profile(credentials_file(), profile->second)) return *found;
    throw Error(ErrorKind::kKey, "target " + target + ": " + credentials_file() +
                                     " has no profile '" + printable(profile->second) + "'");
  }
  for (const auto& chain : {of_environment, of_container, of_instance})
    if (auto found = chain()) return *found;
  throw Error(ErrorKind::kKey, "target " + target + " has no credentials: give them with " +
                                   command("target-set") + " " + target +
                                   " credentials, KEY:SECRET on stdin");
}

}  // namespace backups
