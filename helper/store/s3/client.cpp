#include "store/s3/client.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "base/log.hpp"
#include "base/text.hpp"
#include "model/endpoint.hpp"
#include "store/limits.hpp"
#include "store/s3/problem.hpp"
#include "store/s3/retry.hpp"
#include "stream/digest.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr double kLongestWish = 1e9;  // seconds; longer requested pauses are not printed
constexpr int kFirstContact = 4;      // attempts, if the server has never responded
constexpr int kMaxCorrections = 4;    // of a request: one of each kind

[[noreturn]] void reject(const std::string& what) { throw Error(ErrorKind::kBadInput, what); }

void check_target(const S3Target& target) {
  if (target.bucket.size() < 3 || target.bucket.size() > 255 ||
      target.bucket.find('/') != std::string::npos)
    reject("'" + printable(target.bucket) + "' is not a valid bucket name");
  if (target.region.empty())
    reject("a target needs a region: use us-east-1 if the provider has none");
  if (target.parts_in_flight < 1 || target.parts_in_flight > 64)
    reject("the parts in flight must be from 1 to 64");
}

double chance() {
  thread_local std::mt19937 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// The pause that the server requests, in seconds; 0 if it requests none.
double wanted_pause(const HttpResponse& response, Time now) {
  const auto milliseconds = parse_number(response.header("x-amz-retry-after"));
  const auto seconds = retry_after(response.header("retry-after"), now);
  return std::max(seconds.value_or(0), static_cast<double>(milliseconds.value_or(0)) / 1000);
}

/// The timeout in seconds. Requests that are small both ways have one for the whole exchange, which
/// a server could otherwise prolong for ever; 0, for others, means as long as bytes flow.
int timeout_of(const S3Request& request, const S3Target& target) {
  constexpr std::size_t kSmall = 1 << 20;
  const bool is_small =
      request.receiver == nullptr && request.file.fd < 0 && request.body.size() <= kSmall;
  return is_small ? 10 * target.stall_timeout : 0;
}

}  // namespace

/// Takes an HttpClient from the pool and returns it in the destructor.
class S3Client::Lease {
 public:
  explicit Lease(S3Client& owner) : owner_(owner) {
    {
      const std::lock_guard lock(owner_.mutex_);
      if (!owner_.idle_.empty()) {
        client_ = std::move(owner_.idle_.back());
        owner_.idle_.pop_back();
      }
    }
    if (!client_)
      client_ = std::make_unique<HttpClient>(HttpOptions{
          owner_.target_.ca_file, owner_.target_.connect_timeout, owner_.target_.stall_timeout});
  }
  ~Lease() {
    const std::lock_guard lock(owner_.mutex_);
    owner_.idle_.push_back(std::move(client_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  HttpClient* operator->() const { return client_.get(); }

 private:
  S3Client& owner_;
  std::unique_ptr<HttpClient> client_;
};

S3Client::S3Client(S3Target target, S3Credentials credentials)
    : target_(std::move(target)), keyring_(std::move(credentials)), region_(target_.region) {
  check_target(target_);
  if (!target_.endpoint.empty()) {
    const auto place = parse_endpoint(target_.endpoint);
    if (!place)
      reject("'" + printable(target_.endpoint) +
             "' is not a valid endpoint: use https://host[:port][/path], without user or query");
    scheme_ = place->scheme;
    authority_ = place->authority;
    base_path_ = place->path;
  }
  if (target_.unsigned_payload && scheme_ != "https")
    reject("unsigned payloads need an endpoint with https");
}

S3Client::~S3Client() = default;

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::optional<std::int64_t> S3Client::skew() const {
  const std::lock_guard lock(mutex_);
  return skew_;
}

S3Client::Terms S3Client::terms() const {
  S3Credentials credentials = keyring_.get();
  const std::lock_guard lock(mutex_);
  return {std::move(credentials), region_, offset_, checksum_headers_};
}

Signer S3Client::Terms::signer() const {
  return {credentials.key, credentials.secret, credentials.token, region, "s3"};
}

S3Client::Place S3Client::place(const std::string& key) const {
  const std::string host = authority_.empty() ? "s3." + region() + ".amazonaws.com" : authority_;
  if (target_.path_style)
    return {host, base_path_ + "/" + target_.bucket + (key.empty() ? "" : "/" + key)};
  return {target_.bucket + "." + host, base_path_ + "/" + key};
}

HttpRequest S3Client::signed_request(const S3Request& request, const Terms& terms,
                                     bool fresh) const {
  const Place where = place(request.key);
  SignedRequest plain{request.method, where.path, request.query, request.headers};
  if (!terms.checksum_headers) std::erase_if(plain.headers, is_checksum);
  plain.headers.emplace_back("host", where.host);
  const std::string hash = target_.unsigned_payload && request.method == "PUT" ? kUnsignedPayload
                           : request.sha256.empty() ? sha256(request.body)
                                                    : request.sha256;
  HttpRequest made;
  made.method = request.method;
  made.headers = sign_headers(plain, hash, terms.signer(), terms.time());
  made.url = scheme_ + "://" + where.host + uri_encode_path(where.path);
  if (!request.query.empty()) made.url += "?" + canonical_query(request.query);
  made.body = request.body;
  made.file = request.file;
  made.timeout = request.timeout > 0 ? request.timeout : timeout_of(request, target_);
  made.fresh = fresh;
  return made;
}

HttpResponse S3Client::send_once(const S3Request& request, const Terms& terms, bool fresh) {
  const HttpRequest made = signed_request(request, terms, fresh);
  const Lease client(*this);
  HttpResponse response = client->send(made, request.receiver, request.stop);
  reached_ = true;
  record_server_time(response);
  return response;
}

void S3Client::record_server_time(const HttpResponse& response) {
  const auto date = parse_http_date(response.header("date"));
  if (!date) return;
  const std::lock_guard lock(mutex_);
  skew_ = *date - now();
}

S3Answer S3Client::send(const S3Request& request) {
  if (!target_.fail_fast) return send_with_retries(request);
  {
    const std::lock_guard lock(mutex_);
    if (unreachable_) throw *unreachable_;
  }
  try {
    return send_with_retries(request);
  } catch (const S3Error&) {
    throw;  // the server responded
  } catch (const HttpFailure& failure) {
    give_up(unreachable(request.doing, failure, 1));
    throw;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kUnreachable) give_up(error);
    throw;
  }
}

void S3Client::give_up(const Error& error) {
  const std::lock_guard lock(mutex_);
  unreachable_ = error;
}

S3Answer S3Client::send_with_retries(const S3Request& request) {
  const int attempts = request.attempts > 0 ? request.attempts : target_.attempts;
  bool repeated = false;
  double waited = 0;
  int corrections = 0;
  for (int failures = 0;;) {
    double at_least = 0;
    const Terms terms = this->terms();
    try {
      HttpResponse response = send_once(request, terms, request.fresh || failures > 0);
      auto problem = problem_in(response, request.answers_xml);
      if (!problem) return {std::move(response), repeated};
      if (request.method == "HEAD") explain(terms, response, *problem);
      if (corrections < kMaxCorrections && correct(request, terms, response, *problem)) {
        ++corrections;
        continue;
      }
      // The server may have carried out the request before it failed.
      repeated = repeated || response.status >= 500 || response.ok();
      at_least = wanted_pause(response, now());
      if (is_web_page(response) || !worth_retrying(response.status, problem->code) ||
          ++failures >= attempts || at_least > longest_pause() ||
          (waited += at_least) > kLongestPauses)
        refuse(request, response, *problem);
      warn_of_retry(request.doing, words_of(response, *problem), failures, attempts);
    } catch (const HttpFailure& failure) {
      if (request.receiver != nullptr) throw;
      if (gives_up(failure, ++failures, attempts))
        throw unreachable(request.doing, failure, failures);
      repeated = repeated || failure.cause() != HttpFailure::Cause::kNotReached;
      warn_of_retry(request.doing, failure.what(), failures, attempts);
    }
    pause(failures, at_least, request.stop);
  }
}

bool S3Client::gives_up(const HttpFailure& failure, int failures, int attempts) const {
  const int timeouts = attempts > 0 ? attempts : target_.attempts;
  const bool timed_out = failure.cause() == HttpFailure::Cause::kTimeout;
  return failure.cause() == HttpFailure::Cause::kCertificate || (timed_out && target_.fail_fast) ||
         failures >= (reached_ ? timeouts : std::min(timeouts, kFirstContact));
}

double S3Client::longest_pause() const { return target_.fail_fast ? kHurriedPause : kLongestPause; }

bool S3Client::is_lost() const {
  const std::lock_guard lock(mutex_);
  return unreachable_.has_value();
}

void S3Client::warn_of_retry(const std::string& doing, const std::string& why, int failures,
                             int attempts) {
  const auto time = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (time < said_again_ + std::chrono::seconds(1)) return;
    said_again_ = time;
  }
  const int most = reached_ ? attempts : std::min(attempts, kFirstContact);
  log::detail(place("").host + ": cannot " + doing + " (" + clean(why) + "); attempt " +
              std::to_string(failures + 1) + " of " + std::to_string(most) + " follows");
}

std::string S3Client::words_of(const HttpResponse& response, const S3Problem& problem) const {
  return (problem.code.empty() ? "status " + std::to_string(response.status)
                               : clean(problem.code)) +
         (problem.message.empty() ? "" : " (" + clean(problem.message) + ")");
}

void S3Client::pause(int failures, double at_least, const std::atomic<bool>* stop) const {
  const double seconds =
      std::max(at_least, backoff(failures, target_.backoff_unit, target_.backoff_limit, chance()));
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) {
    if (stop != nullptr && *stop) throw Error(ErrorKind::kCancelled, "cancelled");
    interrupt::check();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

std::string S3Client::clean(const std::string& text) const {
  return keyring_.without_secrets(scrub(printable(text))).substr(0, 500);
}

void S3Client::refuse(const S3Request& request, const HttpResponse& response,
                      const S3Problem& problem) const {
  S3Advice advice = advice_on(response.status, problem.code, target_);
  if (is_web_page(response)) advice = not_s3();
  if (const std::string to = redirected_to(response, problem, target_.bucket); !to.empty())
    advice.text = "the bucket is at " + clean(to) + ": set that as the target's endpoint";
  if (const double wanted = wanted_pause(response, now()); wanted > longest_pause())
    advice.text = "the server asks for a pause of " +
                  human_duration(static_cast<std::int64_t>(std::min(wanted, kLongestWish))) +
                  ": try again after that";
  throw S3Error(advice.kind,
                "cannot " + request.doing + " in the bucket " + target_.bucket + " at " +
                    place("").host + ": " + words_of(response, problem) +
                    (advice.text.empty() ? "" : "; " + advice.text),
                response.status, problem.code);
}

Error S3Client::unreachable(const std::string& doing, const HttpFailure& failure,
                            int attempts) const {
  return Error(ErrorKind::kUnreachable,
               "cannot " + doing + " in the bucket " + target_.bucket + " at " + place("").host +
                   ": " + clean(failure.what()) +
                   (attempts > 1 ? ", " + std::to_string(attempts) + " times" : "") + "; " +
                   advice_on(failure.cause(), target_));
}

Link S3Client::presign(const std::string& key, std::int64_t seconds) const {
  const Terms terms = this->terms();
  const Place where = place(key);
  const std::string query = sign_query({"GET", where.path, {}, {{"host", where.host}}},
                                       terms.signer(), terms.time(), seconds);
  const Time end = now() + seconds;
  return {scheme_ + "://" + where.host + uri_encode_path(where.path) + "?" + query,
          std::min(end, terms.credentials.expires.value_or(end))};
}

}  // namespace backups
