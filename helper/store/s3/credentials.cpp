#include "store/s3/credentials.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

namespace backups {
namespace {

constexpr Time kAhead = 5 * 60;  // seconds; a role has new ones by then
constexpr Time kPause = 30;      // seconds between two attempts
constexpr std::size_t kMinSecretLength = 4;

}  // namespace

S3Credentials S3Keyring::get() {
  const std::lock_guard lock(mutex_);
  if (current_.expires && now() >= *current_.expires - kAhead) renew();
  return current_;
}

bool S3Keyring::renew(const std::string& token) {
  const std::lock_guard lock(mutex_);
  if (current_.token == token) renew();
  return current_.token != token;
}

void S3Keyring::renew() {
  if (!current_.renew || now() < not_before_) return;
  not_before_ = now() + kPause;
  try {
    S3Credentials found = current_.renew();
    found.renew = current_.renew;
    use(std::move(found));
  } catch (const Error& error) {  // the current ones may still be valid for a while
    log::warn(std::string("the credentials could not be renewed: ") + error.what());
  }
}

void S3Keyring::use(S3Credentials credentials) {
  current_ = std::move(credentials);
  for (const auto& secret : {current_.secret, current_.token})
    if (secret.size() >= kMinSecretLength) secrets_.insert(secret);
}

std::string S3Keyring::without_secrets(std::string text) const {
  const std::lock_guard lock(mutex_);
  for (const auto& secret : secrets_)
    for (std::size_t at; (at = text.find(secret)) != std::string::npos;)
      text.replace(at, secret.size(), "***");
  return text;
}

}  // namespace backups
