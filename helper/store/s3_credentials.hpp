#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>

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
  explicit S3Keyring(S3Credentials first) : current_(std::move(first)) {}

  /// Those of now, renewed when they expire within five minutes.
  S3Credentials get();

  /// The server called those with `token` expired. True when there are others.
  bool renew(const std::string& token);

 private:
  void renew();

  std::mutex mutex_;
  S3Credentials current_;
  Time not_before_ = 0;  // of the next try to renew
};

}  // namespace backups
