#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cctype>
#include <chrono>
#include <stdexcept>

#include "base/text.hpp"

namespace backups::tests {
namespace {

/// Appends the bytes that arrive to `buffer`. Returns false at the end, or if the server stops.
bool receive(int fd, std::string& buffer, const std::atomic<bool>& stop) {
  pollfd wait{fd, POLLIN, 0};
  while (::poll(&wait, 1, 20) == 0)
    if (stop) return false;
  char bytes[65536];
  const auto got = ::recv(fd, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(got));
  return true;
}

/// Returns false if the client has closed the connection.
bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

ServerRequest parse_head(const std::string& head) {
  ServerRequest request;
  const auto lines = split(head, '\n');
  const auto words = split(trim(lines[0]), ' ');
  request.method = words.at(0);
  request.target = words.at(1);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (colon == std::string::npos) continue;
    std::string name = lines[i].substr(0, colon);
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    request.headers[name] = trim(lines[i].substr(colon + 1));
  }
  return request;
}

std::string head_of(const ServerReply& reply, std::size_t length) {
  std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " X\r\n";
  for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
  if (reply.headers.count("Content-Length") == 0)
    head += "Content-Length: " + std::to_string(length) + "\r\n";
  return head + "\r\n";
}

}  // namespace

std::string ServerRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

ScriptedServer::ScriptedServer(std::function<ServerReply(const ServerRequest&)> answer)
    : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), any, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), any, &size) != 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  stop_ = true;
  acceptor_.join();
  for (auto& connection : connections_) connection.join();
}

std::vector<ServerRequest> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void ScriptedServer::accept_all() {
  pollfd wait{listener_.get(), POLLIN, 0};
  while (!stop_) {
    if (::poll(&wait, 1, 20) <= 0) continue;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) connections_.emplace_back([this, fd] { serve(Fd(fd)); });
  }
}

void ScriptedServer::send_body(int connection, const ServerReply& reply) const {
  std::string_view rest = std::string_view(reply.body).substr(0, reply.cut);
  while (reply.bytes_per_second > 0 && !rest.empty() && !stop_) {
    const auto piece = rest.substr(0, reply.bytes_per_second / 10);
    if (!send_all(connection, piece)) return;
    rest.remove_prefix(piece.size());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  send_all(connection, rest);
}

void ScriptedServer::serve(Fd connection) {
  std::string buffer;
  for (;;) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
      if (!receive(connection.get(), buffer, stop_)) return;
    ServerRequest request = parse_head(buffer.substr(0, end));
    buffer.erase(0, end + 4);
    const auto length =
        static_cast<std::size_t>(parse_number(request.header("content-length")).value_or(0));
    while (buffer.size() < length)
      if (!receive(connection.get(), buffer, stop_)) return;
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    ServerReply reply;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      reply = answer_(request);
    }
    if (reply.drop) return;
    send_all(connection.get(), head_of(reply, reply.body.size()));
    if (request.method != "HEAD") send_body(connection.get(), reply);
    if (reply.cut < reply.body.size()) return;
  }
}

}  // namespace backups::tests
