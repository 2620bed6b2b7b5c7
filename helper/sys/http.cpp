#include "sys/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <exception>
#include <mutex>

#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr long kStalledRate = 1024;  // bytes a second
constexpr long kSendBuffer = 512 * 1024;

/// One request under way.
struct Exchange {
  const HttpRequest& request;
  HttpReceiver* receiver;
  const std::atomic<bool>* stop;
  HttpResponse response;
  std::uint64_t sent = 0;
  std::size_t header_bytes = 0;
  bool begun = false;
  std::exception_ptr thrown;

  bool stopped() const { return interrupt::requested() || (stop != nullptr && *stop); }
  std::uint64_t body_size() const {
    return request.file.fd >= 0 ? request.file.size : request.body.size();
  }
};

/// Runs `action`; an exception waits in the exchange, since it must not cross curl.
template <typename Action>
bool guarded(Exchange& exchange, const Action& action) {
  try {
    action();
    return true;
  } catch (...) {
    exchange.thrown = std::current_exception();
    return false;
  }
}

std::size_t on_header(const char* text, std::size_t, std::size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::string_view line(text, size);
  return guarded(exchange,
                 [&] {
                   exchange.header_bytes += size;
                   if (exchange.header_bytes > kMaxHeaders)
                     throw HttpFailure(HttpFailure::Cause::kBroken, "the answer is too long");
                   // A new status line (after a proxy's, or a 100) starts over.
                   if (line.starts_with("HTTP/")) exchange.response.headers.clear();
                   const std::size_t colon = line.find(':');
                   if (colon == std::string_view::npos) return;
                   exchange.response.headers[lower(std::string(line.substr(0, colon)))] =
                       trim(line.substr(colon + 1));
                 })
             ? size
             : 0;
}

struct Transfer {
  CURL* easy;
  Exchange exchange;
};

void receive(Transfer& transfer, std::string_view bytes) {
  Exchange& exchange = transfer.exchange;
  HttpResponse& response = exchange.response;
  if (response.status == 0) {
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
  }
  if (exchange.receiver == nullptr || !response.ok()) {
    if (response.body.size() + bytes.size() > kMaxBody)
      throw HttpFailure(HttpFailure::Cause::kBroken, "the answer is too long");
    response.body += bytes;
    return;
  }
  if (!exchange.begun) exchange.receiver->begin(response);
  exchange.begun = true;
  exchange.receiver->receive(bytes);
}

std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  return guarded(transfer.exchange, [&] { receive(transfer, {bytes, size}); }) ? size : 0;
}

std::size_t fill(const Exchange& exchange, char* buffer, std::size_t size) {
  const FileRange& file = exchange.request.file;
  if (file.fd < 0) {
    std::memcpy(buffer, exchange.request.body.data() + exchange.sent, size);
    return size;
  }
  const std::size_t got =
      read_at(file.fd, buffer, size, file.offset + exchange.sent, "what is sent");
  if (got == 0) throw Error(ErrorKind::kDamaged, "a file became shorter while it was sent");
  return got;
}

std::size_t on_send(char* buffer, std::size_t, std::size_t size, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  const std::uint64_t left = exchange.body_size() - exchange.sent;
  std::size_t got = 0;
  if (left > 0 && !guarded(exchange, [&] {
        got = fill(exchange, buffer, static_cast<std::size_t>(std::min<std::uint64_t>(size, left)));
      }))
    return CURL_READFUNC_ABORT;
  exchange.sent += got;
  return got;
}

/// curl sends again, on a new connection, when an idle one turns out to be closed.
int on_seek(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(context)->sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(context)->stopped() ? 1 : 0;
}

HttpFailure::Cause cause_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return HttpFailure::Cause::kNotReached;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CERTPROBLEM:
      return HttpFailure::Cause::kCertificate;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::Cause::kTimeout;
    default:
      return HttpFailure::Cause::kBroken;
  }
}

class HeaderList {
 public:
  HeaderList() = default;
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  ~HeaderList() { curl_slist_free_all(list_); }

  /// A line break in a value that came from outside would begin another header, or request.
  void add(const std::string& line) {
    const bool clean = std::none_of(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
    if (!clean)
      throw Error(ErrorKind::kFailed, "the header " + printable(line.substr(0, line.find(':'))) +
                                          " contains control characters");
    curl_slist* longer = curl_slist_append(list_, line.c_str());
    if (longer == nullptr) throw Error(ErrorKind::kFailed, "curl is out of memory");
    list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

struct HttpClient::State {
  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  HttpOptions options;
  std::unique_ptr<CURL, Free> easy;
  std::array<char, CURL_ERROR_SIZE> message{};

  template <typename Value>
  void set(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(easy.get(), option, value);
    if (code != CURLE_OK)
      throw Error(ErrorKind::kFailed, std::string("curl: ") + curl_easy_strerror(code));
  }

  void set_connection() {
    set(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    // Else whoever stops us waits for a name server that does not answer.
    set(CURLOPT_QUICK_EXIT, 1L);
#endif
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout));
    set(CURLOPT_LOW_SPEED_LIMIT, kStalledRate);
    set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.stall_timeout));
    set(CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
    // Refused while the handle has its buffer of the transfer before, which one keeps that failed
    // early (curl 7.88, a name that does not resolve): that buffer is as large.
    curl_easy_setopt(easy.get(), CURLOPT_BUFFERSIZE, kSendBuffer);
    set(CURLOPT_ERRORBUFFER, message.data());
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (options.direct) set(CURLOPT_NOPROXY, "*");
  }

  void set_callbacks(Transfer& transfer) {
    Exchange* exchange = &transfer.exchange;
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, exchange);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &transfer);
    set(CURLOPT_READFUNCTION, &on_send);
    set(CURLOPT_READDATA, exchange);
    set(CURLOPT_SEEKFUNCTION, &on_seek);
    set(CURLOPT_SEEKDATA, exchange);
    set(CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(CURLOPT_XFERINFODATA, exchange);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  void set_request(const Exchange& exchange, HeaderList& headers) {
    const HttpRequest& request = exchange.request;
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_TIMEOUT, static_cast<long>(request.timeout));
    set(CURLOPT_FRESH_CONNECT, request.fresh ? 1L : 0L);
    if (request.fresh) set(CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT" || request.method == "POST") {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(exchange.body_size()));
    }
    if (request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    for (const auto& [name, value] : request.headers)
      headers.add(value.empty() ? name + ";" : name + ": " + value);
    headers.add("Expect:");  // a round trip for each part, to save one where a part is refused
    set(CURLOPT_HTTPHEADER, headers.get());
  }
};

std::string HttpResponse::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpClient::HttpClient(HttpOptions options) : state_(std::make_unique<State>()) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  state_->options = std::move(options);
  state_->easy.reset(curl_easy_init());
  if (!state_->easy) throw Error(ErrorKind::kFailed, "curl cannot be used");
}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request, HttpReceiver* receiver,
                              const std::atomic<bool>* stop) {
  CURL* easy = state_->easy.get();
  curl_easy_reset(easy);  // connections stay
  Transfer transfer{easy, {request, receiver, stop, {}, 0, 0, false, {}}};
  Exchange& exchange = transfer.exchange;
  HeaderList headers;
  state_->set_connection();
  state_->set_callbacks(transfer);
  state_->set_request(exchange, headers);
  state_->message[0] = '\0';

  const CURLcode code = curl_easy_perform(easy);
  if (exchange.thrown) std::rethrow_exception(exchange.thrown);
  if (code != CURLE_OK) {
    interrupt::check();
    if (exchange.stopped()) throw Error(ErrorKind::kCancelled, "cancelled");
    const char* message =
        state_->message[0] != '\0' ? state_->message.data() : curl_easy_strerror(code);
    throw HttpFailure(cause_of(code), printable(message));
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &exchange.response.seconds);
  exchange.response.status = static_cast<int>(status);
  if (receiver != nullptr && exchange.response.ok() && !exchange.begun)
    receiver->begin(exchange.response);
  return std::move(exchange.response);
}

}  // namespace backups
