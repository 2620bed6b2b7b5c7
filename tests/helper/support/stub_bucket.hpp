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

/// The XML of an error, with `more` elements in it.
std::string error_xml(const std::string& code, const std::string& more = "");

/// A bucket in memory with room for one object, behind a server whose faults a test chooses.
class StubBucket : public testing::Test {
 protected:
  static constexpr const char* kKey = "fake/one/x.dump";
  static constexpr const char* kSecret = "the-secret-of-secrets";

  /// Answers as a server without faults does.
  ServerReply serve(const ServerRequest& request);
  ServerReply read(const ServerRequest& request) const;  ///< GET and HEAD

  /// Answers the first `times` requests that match with `reply`; with `done_all_the_same`, after
  /// doing what they ask.
  void fail_first(int times, const std::string& method, const std::string& in_target,
                  const ServerReply& reply, bool done_all_the_same = false);

  /// A target with `attempts` attempts for each request, and parts of the smallest size.
  S3Target target(int attempts = 4) const;
  std::unique_ptr<S3Store> store(int attempts = 4) const;

  void put(const std::string& text) { put(text, *store()); }
  static void put(const std::string& text, Store& store);
  std::string get();

  /// The number of requests so far that match.
  std::size_t count(const std::string& method, const std::string& in_target) const;

  ServerReply answer(const ServerRequest& request);

  /// Is asked for an answer first; if it returns nothing, the bucket answers.
  std::function<std::optional<ServerReply>(const ServerRequest&)> fault_;
  std::optional<std::string> object_;
  int open_uploads_ = 0;
  bool takes_checksums_ = false;  ///< it announces that when an upload is created
  std::map<int, std::string> parts_;
  std::string token_;
  static inline const std::string text_ = noise(2 * kMinPartSize + 1'000);  // three parts
  ScriptedServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

}  // namespace backups::tests
