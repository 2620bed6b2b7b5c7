#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/state.hpp"
#include "support/scripted_server.hpp"

namespace backups::tests {

/// A bucket of small objects in memory, behind a server: a target whose content a test changes, and
/// which fails when it says so. The tests of the store itself and bats have a real server.
class BucketServer {
 public:
  /// Adds it as a target.
  void add_to(State& state, const std::string& target) const;

  /// Keys without that of the bucket, in order.
  std::vector<std::string> keys() const;
  /// "PUT key" of every request that changed something, in order.
  std::vector<std::string> changes() const;

  std::map<std::string, std::string> objects;
  /// May answer before the bucket does.
  std::function<std::optional<ServerReply>(const ServerRequest&)> fault;

 private:
  ServerReply answer(const ServerRequest& request);
  ServerReply list(const std::string& prefix) const;

  std::map<std::string, std::string> marks_;  // of uploads, by key
  ScriptedServer server_{[this](const ServerRequest& request) { return answer(request); }};
};

}  // namespace backups::tests
