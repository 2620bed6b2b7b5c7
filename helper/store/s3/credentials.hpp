#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sys/clock.hpp"

namespace backups {

/// The keys for signatures, and their origin: "given", "profile backups", "environment", "container
/// role", "instance role backup-writer".
struct S3Credentials {
  std::string key;
  std::string secret;
  std::string token{};  ///< of a session; may be empty
  std::string origin{};
  std::optional<Time> expires{};           ///< set for those of a role, which expire after hours
  std::function<S3Credentials()> renew{};  ///< finds the current ones; throws Error
};

/// Keeps credentials valid for as long as a command runs. May be used from several threads.
class S3Keyring {
 public:
  explicit S3Keyring(S3Credentials first) { use(std::move(first)); }

  /// Returns the current credentials, renewed if they expire within five minutes.
  S3Credentials get();

  /// For when the server reported those with `token` as expired. True if others were found.
  bool renew(const std::string& token);

  /// Removes from a text every secret and token that was ever in use.
  std::string without_secrets(std::string text) const;

 private:
  void renew();
  void use(S3Credentials credentials);

  mutable std::mutex mutex_;
  S3Credentials current_;
  std::set<std::string> secrets_;
  Time not_before_ = 0;  // time of the next attempt to renew
};

}  // namespace backups
