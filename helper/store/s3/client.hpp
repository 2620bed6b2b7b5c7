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

/// Seconds that a request without much to send or receive may take.
constexpr int kShortRequest = 120;

/// One request to a bucket. What it refers to must outlive it.
struct S3Request {
  std::string doing{};  ///< for a person: "read fake/one/x.dump", "list the objects"
  std::string method{};
  std::string key{};  ///< whole, with the prefix; empty: the bucket itself
  Fields query{};
  Fields headers{};  ///< those of checksums are left out where the server has refused such
  std::string_view body{};
  FileRange file{};
  std::string sha256{};  ///< of the body, hexadecimal; empty: to be computed
  HttpReceiver* receiver = nullptr;
  const std::atomic<bool>* stop = nullptr;
  bool answers_xml = false;  ///< a 200 is only one with another root than <Error>
  int timeout = 0;           ///< seconds, as in HttpRequest
  int attempts = 0;          ///< 0: those of the target
  /// On a new connection: on an old one that turns out to be closed, curl itself sends it twice.
  bool fresh = false;
};

struct S3Answer {
  HttpResponse response;
  bool repeated = false;  ///< an earlier attempt may have done it too
};

/// The server said no, and saying it again will not help.
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

/// Signs requests, sends them, and sends them again where that may help. Learns from the answers:
/// the right region, the server's clock, whether it takes checksum headers. Safe from several
/// threads.
class S3Client {
 public:
  /// Throws Error, kBadInput.
  S3Client(S3Target target, S3Credentials credentials);
  ~S3Client();

  const S3Target& target() const { return target_; }
  std::string region() const;
  /// Seconds that the server's clock is ahead of ours, once an answer came.
  std::optional<std::int64_t> skew() const;
  bool checksum_headers() const { return checksum_headers_; }
  /// Does it take If-None-Match, as far as it has not refused one?
  bool conditions() const { return conditions_; }
  void forgo_conditions() { conditions_ = false; }

  /// An answer with a status of 200 to 299. Throws S3Error; Error, kUnreachable or kCancelled;
  /// HttpFailure where there is a receiver, which may have got a part of the bytes.
  S3Answer send(const S3Request& request);

  /// Is the `failures`th in a row the last?
  bool gives_up(const HttpFailure& failure, int failures, int attempts = 0) const;

  /// With `fail_fast`: it has had that.
  bool is_lost() const;

  /// Says so to a person, once for all parts that fail at the same time: that attempt `failures`
  /// failed, and that there will be another.
  void say_again(const std::string& doing, const std::string& why, int failures, int attempts);

  /// What to throw in the end when no attempt got an answer.
  Error unreachable(const std::string& doing, const HttpFailure& failure, int attempts) const;

  Link presign(const std::string& key, std::int64_t seconds) const;

  /// Sleeps before another attempt, unless a stop is asked for. Throws Error, kCancelled.
  void pause(int failures, double at_least, const std::atomic<bool>* stop) const;

 private:
  struct Place {
    std::string host;  ///< as in the Host header
    std::string path;  ///< nothing encoded
  };
  struct Refusal;
  class Lease;

  Place place(const std::string& key) const;
  Time server_time() const;
  Signer signer(const S3Credentials& credentials) const;
  HttpRequest signed_request(const S3Request& request, const S3Credentials& credentials,
                             bool fresh) const;
  S3Answer try_to_send(const S3Request& request);
  void give_up(const Error& error);
  HttpResponse send_once(const S3Request& request, const S3Credentials& credentials, bool fresh);
  void learn_time(const HttpResponse& response);
  bool correct(const S3Request& request, const S3Credentials& credentials,
               const HttpResponse& response, const S3Problem& problem);
  bool correct_credentials(const S3Credentials& credentials, const S3Problem& problem);
  bool correct_region(const HttpResponse& response, const S3Problem& problem);
  bool correct_clock(const HttpResponse& response, const S3Problem& problem);
  bool correct_checksum(const S3Request& request, const HttpResponse& response,
                        const S3Problem& problem);
  [[noreturn]] void refuse(const S3Request& request, const HttpResponse& response,
                           const S3Problem& problem) const;
  std::string clean(const std::string& text) const;
  double longest_pause() const;
  std::string words_of(const HttpResponse& response, const S3Problem& problem) const;

  S3Target target_;
  mutable S3Keyring keyring_;
  std::string scheme_ = "https";
  std::string authority_;  // "host[:port]"; empty: Amazon's
  std::string base_path_;  // of the endpoint, without '/' at its end

  mutable std::mutex mutex_;  // of what follows
  std::string region_;
  bool region_corrected_ = false;
  bool clock_corrected_ = false;
  std::int64_t offset_ = 0;  // seconds added to our clock
  std::optional<std::int64_t> skew_;
  std::vector<std::unique_ptr<HttpClient>> idle_;
  std::optional<Error> unreachable_;  // why it counts as out of reach
  std::chrono::steady_clock::time_point said_again_{};

  std::atomic<bool> reached_{false};
  std::atomic<bool> checksum_headers_{true};
  std::atomic<bool> conditions_{true};
};

}  // namespace backups
