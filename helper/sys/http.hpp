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

// Of an answer; one with more is none.
constexpr std::size_t kMostBody = 16 << 20;  ///< bytes that are kept: 1,000 keys take under 2 MiB
constexpr std::size_t kMostHeaders = 256 << 10;  ///< bytes

/// A piece of an open file, read with pread(2).
struct FileRange {
  int fd = -1;  ///< not owned
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< sent as it stands: neither decoded nor normalised
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  ///< of a PUT or POST
  FileRange file;         ///< instead of `body` where its fd is open
  int timeout = 0;        ///< seconds for the whole; 0: only the limits of HttpOptions
  bool fresh = false;     ///< on a new connection
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< what did not go to the receiver
  double seconds = 0;

  bool ok() const { return status >= 200 && status < 300; }
  /// Empty when there is none.
  std::string header(const std::string& name) const;
};

/// Takes the body of a response with a status of 200 to 299, piece by piece, on the calling thread.
class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  virtual void begin(const HttpResponse& head) = 0;  ///< status and headers are there
  virtual void take(std::string_view bytes) = 0;
};

struct HttpOptions {
  std::string ca_file;       ///< PEM; empty: the system's
  int connect_timeout = 15;  ///< seconds
  int stall_timeout = 60;    ///< seconds at under 1 KiB/s
  bool direct = false;       ///< whatever proxies the environment names
};

/// No whole answer came. What the server did is unknown unless it was never reached.
class HttpFailure : public Error {
 public:
  enum class Cause { kNotReached, kCertificate, kTimeout, kBroken };
  HttpFailure(Cause cause, const std::string& message)
      : Error(ErrorKind::kUnreachable, message), cause_(cause) {}
  Cause cause() const { return cause_; }

 private:
  Cause cause_;
};

/// One connection at a time, kept open for the next request to the same host. TLS is verified,
/// proxies are those of the environment (http_proxy, https_proxy, no_proxy), redirects are not
/// followed. To be used by one thread at a time; the first one made costs a few milliseconds.
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
