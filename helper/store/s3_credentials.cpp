#include "store/s3_credentials.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

namespace backups {
namespace {

constexpr Time kAhead = 5 * 60;  // seconds: a role has others by then
constexpr Time kPause = 30;      // seconds between two tries

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
    const auto again = current_.renew;
    current_ = again();
    current_.renew = again;
  } catch (const Error& error) {  // those that there are may do for a while
    log::warn(std::string("the credentials can't be renewed: ") + error.what());
  }
}

}  // namespace backups
