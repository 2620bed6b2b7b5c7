#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sys/fd.hpp"

namespace backups::tests {

struct ServerRequest {
  std::string method;
  std::string target;                          ///< "/bucket/key?query"
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const;
};

struct ServerReply {
  int status = 200;
  std::string body{};
  std::map<std::string, std::string> headers{};
  std::size_t cut = std::string::npos;  ///< close the connection after this much of the body
  bool drop = false;                    ///< close the connection without an answer
  std::size_t bytes_per_second = 0;     ///< the speed of the body; 0: unlimited
};

/// An HTTP/1.1 server on the loopback interface whose answers come from the test, for behaviour
/// that a real server does not show on request. Each connection has a thread; `answer` is called by
/// one at a time.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<ServerReply(const ServerRequest&)> answer);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<ServerRequest> requests() const;

 private:
  void accept_all();
  void serve(Fd connection);
  void send_body(int connection, const ServerReply& reply) const;

  std::function<ServerReply(const ServerRequest&)> answer_;
  Fd listener_;
  int port_ = 0;
  std::atomic<bool> stop_{false};
  mutable std::mutex mutex_;
  std::vector<ServerRequest> requests_;
  std::thread acceptor_;
  std::vector<std::thread> connections_;
};

}  // namespace backups::tests
