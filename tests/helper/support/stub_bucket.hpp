#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "store/s3/parts.hpp"
#include "store/s3/store.hpp"
#include "support/scripted_server.hpp"
#include "support/shell.hpp"

namespace backups::tests {

/// <Error>, with `more` elements in it.
std::string error_xml(const std::string& code, const std::string& more = "");

/// A bucket in memory, as far as one object goes, behind a server that does what a test says.
class StubBucket : public testing::Test {
 protected:
  static constexpr const char* kKey = "fake/one/x.dump";
  static constexpr const char* kSecret = "the-secret-of-secrets";

  /// As a well-behaved server does it.
  ServerReply serve(const ServerRequest& request);
  ServerReply read(const ServerRequest& request) const;  ///< GET and HEAD

  /// The first `times` requests that match are answered so.
  void fail_first(int times, const std::string& method, const std::string& in_target,
                  const ServerReply& reply, bool done_all_the_same = false);

  /// It tries `attempts` times and has parts of the smallest size.
  S3Target target(int attempts = 4) const;
  std::unique_ptr<S3Store> store(int attempts = 4) const;

  void put(const std::string& text) { put(text, *store()); }
  static void put(const std::string& text, Store& store);
  std::string get();

  /// Of the requests until now.
  std::size_t count(const std::string& method, const std::string& in_target) const;

  ServerReply answer(const ServerRequest& request);

  /// May answer before the bucket does.
  std::function<std::optional<ServerReply>(const ServerRequest&)> fault_;
  std::optional<std::string> object_;
  int open_uploads_ = 0;
  bool takes_checksums_ = false;  ///< and says so when an upload is created
  std::map<int, std::string> parts_;
  std::string token_;
  static inline const std::string text_ = noise(2 * kSmallestPart + 1'000);  // three parts
  ScriptedServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

}  // namespace backups::tests
