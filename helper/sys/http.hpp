#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace backups {

// Limits on a response. One that exceeds them is treated as broken.
constexpr std::size_t kMaxBody = 16 << 20;  ///< bytes that are kept: 1,000 keys take under 2 MiB
constexpr std::size_t kMaxHeaders = 256 << 10;  ///< bytes

/// A piece of an open file, read with pread(2).
struct FileRange {
  int fd = -1;  ///< not owned
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< sent unchanged: neither decoded nor normalised
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  ///< of a PUT or POST
  FileRange file;         ///< instead of `body` if its fd is open
  int timeout = 0;        ///< seconds for the whole request; 0: only the limits of HttpOptions
  bool fresh = false;     ///< on a new connection
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< the part that did not go to the receiver
  double seconds = 0;

  bool ok() const { return status >= 200 && status < 300; }
  /// Empty if the header is missing.
  std::string header(const std::string& name) const;
};

/// Takes the body of a response with a status of 200 to 299, piece by piece, on the calling thread.
class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  virtual void begin(
      const HttpResponse& head) = 0;  ///< called once status and headers have arrived
  virtual void receive(std::string_view bytes) = 0;
};

struct HttpOptions {
  std::string ca_file;       ///< PEM; empty: the system's
  int connect_timeout = 15;  ///< seconds
  int stall_timeout = 60;    ///< seconds at under 1 KiB/s
  bool direct = false;       ///< ignores proxies of the environment
};

/// No complete response arrived. Whether the request had an effect is unknown, unless the server
/// was never reached.
class HttpFailure : public Error {
 public:
  enum class Cause { kNotReached, kCertificate, kTimeout, kBroken };
  HttpFailure(Cause cause, const std::string& message)
      : Error(ErrorKind::kUnreachable, message), cause_(cause) {}
  Cause cause() const { return cause_; }

 private:
  Cause cause_;
};

/// An HTTP client with one connection, which is kept open for the next request to the same host.
/// TLS certificates are verified, the proxies of the environment are used (http_proxy, https_proxy,
/// no_proxy), redirects are not followed. For one thread at a time. The first client costs a few
/// milliseconds.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Throws HttpFailure; Error, kCancelled, when a stop was asked for or `stop` became true; and
  /// what the receiver throws.
  HttpResponse send(const HttpRequest& request, HttpReceiver* receiver = nullptr,
                    const std::atomic<bool>* stop = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace backups
