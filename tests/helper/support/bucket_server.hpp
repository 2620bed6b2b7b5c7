#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "support/scripted_server.hpp"

namespace backups::tests {

/// A bucket of small objects in memory behind an HTTP server: a target whose contents a test can
/// change, and which fails on request. The tests of the store itself and bats use a real server.
class BucketServer {
 public:
  /// Adds it as a target.
  void add_to(State& state, const std::string& target) const;

  /// The keys, without the name of the bucket, in order.
  std::vector<std::string> keys() const;
  /// "PUT key" of every request that changed something, in order.
  std::vector<std::string> changes() const;

  std::map<std::string, std::string> objects;
  /// Is asked for an answer first; if it returns nothing, the bucket answers.
  std::function<std::optional<ServerReply>(const ServerRequest&)> fault;

 private:
  ServerReply answer(const ServerRequest& request);
  ServerReply list(const std::string& prefix) const;

  std::map<std::string, std::string> marks_;  // metadata of uploads, by key
  ScriptedServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

}  // namespace backups::tests
