#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sys/clock.hpp"

namespace backups {

/// The keys that sign, and where they came from: "given", "profile backups", "environment",
/// "container role", "instance role backup-writer".
struct S3Credentials {
  std::string key;
  std::string secret;
  std::string token{};  ///< of a session; may be empty
  std::string origin{};
  std::optional<Time> expires{};           ///< as a role's do, after hours
  std::function<S3Credentials()> renew{};  ///< finds those of then; throws Error
};

/// Credentials that are good for as long as a command takes. Safe from several threads.
class S3Keyring {
 public:
  explicit S3Keyring(S3Credentials first) { use(std::move(first)); }

  /// Those of now, renewed when they expire within five minutes.
  S3Credentials get();

  /// The server called those with `token` expired. True when there are others.
  bool renew(const std::string& token);

  /// The text without any secret or token that was ever in use.
  std::string without_secrets(std::string text) const;

 private:
  void renew();
  void use(S3Credentials credentials);

  mutable std::mutex mutex_;
  S3Credentials current_;
  std::set<std::string> secrets_;
  Time not_before_ = 0;  // of the next try to renew
};

}  // namespace backups
