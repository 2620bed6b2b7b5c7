#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/s3/sigv4.hpp"
#include "store/s3/store.hpp"
#include "store/s3/xml.hpp"
#include "sys/http.hpp"

namespace backups {

/// The timeout of a request with little to send and receive, in seconds.
constexpr int kShortRequest = 120;

/// One request to a bucket. Whatever it points to must outlive it.
struct S3Request {
  std::string doing{};  ///< what it does, for messages: "read fake/one/x.dump", "list the objects"
  std::string method{};
  std::string key{};  ///< with the prefix; empty for the bucket itself
  Fields query{};
  Fields headers{};  ///< checksum headers are left out if the server refused them
  std::string_view body{};
  FileRange file{};
  std::string sha256{};  ///< of the body, hexadecimal; computed if empty
  HttpReceiver* receiver = nullptr;
  const std::atomic<bool>* stop = nullptr;
  bool answers_xml = false;  ///< a status of 200 is a failure if the body is not XML or is <Error>
  int timeout = 0;           ///< seconds, see HttpRequest
  int attempts = 0;          ///< 0: as set for the target
  /// Uses a new connection. On an old one that turns out to be closed, curl itself would repeat the
  /// request.
  bool fresh = false;
};

struct S3Answer {
  HttpResponse response;
  bool repeated = false;  ///< an earlier attempt may have had an effect
};

/// The server refused the request, and repeating it would not help.
class S3Error : public Error {
 public:
  S3Error(ErrorKind kind, const std::string& message, int status, std::string code)
      : Error(kind, message), status_(status), code_(std::move(code)) {}
  int status() const { return status_; }
  const std::string& code() const { return code_; }

 private:
  int status_;
  std::string code_;
};

/// Signs and sends requests, and repeats them if that may help. Adapts to the server's responses:
/// the region, the server's clock, whether it accepts checksum headers and conditional writes. May
/// be used from several threads.
class S3Client {
 public:
  /// Makes no request. Throws Error, kBadInput, for an invalid target.
  S3Client(S3Target target, S3Credentials credentials);
  ~S3Client();

  const S3Target& target() const { return target_; }
  std::string region() const;
  /// By how many seconds the server's clock is ahead of ours. Nothing before the first response.
  std::optional<std::int64_t> skew() const;
  bool checksum_headers() const { return checksum_headers_; }
  /// False once the server has refused If-None-Match.
  bool conditions() const { return conditions_; }
  void disable_conditions() { conditions_ = false; }

  /// Returns a response with a status from 200 to 299. Throws S3Error; Error, kUnreachable or
  /// kCancelled; and HttpFailure if there is a receiver, which may have received a part of the
  /// bytes.
  S3Answer send(const S3Request& request);

  /// True if the `failures`th failure in a row ends the attempts.
  bool gives_up(const HttpFailure& failure, int failures, int attempts = 0) const;

  /// True if the target has `fail_fast` and could not be reached.
  bool is_lost() const;

  /// Reports that attempt `failures` failed and that another follows, once for all parts that fail
  /// at the same time.
  void warn_of_retry(const std::string& doing, const std::string& why, int failures, int attempts);

  /// The Error for when no attempt got a response.
  Error unreachable(const std::string& doing, const HttpFailure& failure, int attempts) const;

  Link presign(const std::string& key, std::int64_t seconds) const;

  /// Sleeps before the next attempt. Throws Error, kCancelled, if a stop is requested.
  void pause(int failures, double at_least, const std::atomic<bool>* stop) const;

 private:
  struct Place {
    std::string host;  ///< the value of the Host header
    std::string path;  ///< not encoded
  };
  /// How a request is signed. Responses to other requests may change that meanwhile.
  struct Terms {
    S3Credentials credentials;
    std::string region;
    std::int64_t offset = 0;
    bool checksum_headers = true;

    Time time() const { return now() + offset; }
    Signer signer() const;
  };
  class Lease;

  Place place(const std::string& key) const;
  Terms terms() const;
  HttpRequest signed_request(const S3Request& request, const Terms& terms, bool fresh) const;
  S3Answer send_with_retries(const S3Request& request);
  void give_up(const Error& error);
  HttpResponse send_once(const S3Request& request, const Terms& terms, bool fresh);
  void record_server_time(const HttpResponse& response);
  /// The response to a HEAD has no body that says what is wrong: asks with another request.
  void explain(const Terms& terms, HttpResponse& response, S3Problem& problem);
  /// These return true if a request that was sent on `terms` is worth repeating on the present
  /// ones.
  bool correct(const S3Request& request, const Terms& terms, const HttpResponse& response,
               const S3Problem& problem);
  bool correct_credentials(const Terms& terms, const S3Problem& problem);
  bool correct_region(const Terms& terms, const HttpResponse& response, const S3Problem& problem);
  bool correct_clock(const Terms& terms, const HttpResponse& response, const S3Problem& problem);
  bool correct_checksum(const S3Request& request, const Terms& terms, const HttpResponse& response,
                        const S3Problem& problem);
  [[noreturn]] void refuse(const S3Request& request, const HttpResponse& response,
                           const S3Problem& problem) const;
  std::string clean(const std::string& text) const;
  double longest_pause() const;
  std::string words_of(const HttpResponse& response, const S3Problem& problem) const;

  S3Target target_;
  mutable S3Keyring keyring_;
  std::string scheme_ = "https";
  std::string authority_;  // "host[:port]"; empty for Amazon
  std::string base_path_;  // the path of the endpoint, without '/' at its end

  mutable std::mutex mutex_;  // of what follows
  std::string region_;
  bool region_corrected_ = false;
  bool clock_corrected_ = false;
  std::int64_t offset_ = 0;  // seconds to add to our clock
  std::optional<std::int64_t> skew_;
  std::vector<std::unique_ptr<HttpClient>> idle_;
  std::optional<Error> unreachable_;  // set once it could not be reached (fail_fast)
  std::chrono::steady_clock::time_point said_again_{};

  std::atomic<bool> reached_{false};
  std::atomic<bool> checksum_headers_{true};
  std::atomic<bool> conditions_{true};
};

}  // namespace backups
