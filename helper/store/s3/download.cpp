#include "store/s3/download.hpp"

#include "base/text.hpp"
#include "store/s3/problem.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kProgress =
    1024 * 1024;  // a broken attempt that received this many bytes does not count as a failure

/// Passes on the bytes of an object, from where the previous attempts ended.
class Resumer : public HttpReceiver {
 public:
  Resumer(Sink& sink, std::string key) : sink_(sink), key_(std::move(key)) {}

  void begin(const HttpResponse& head) override {
    if (head.header("etag").empty())
      throw Error(ErrorKind::kUnreachable, "cannot read " + key_ + ": " + without_etag(head));
    if (etag_.empty()) etag_ = head.header("etag");
    skip_ = head.status == 206 ? check_range(head.header("content-range")) : received_;
    if (head.header("etag") != etag_) changed();
  }

  void receive(std::string_view bytes) override {
    const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes.remove_prefix(static_cast<std::size_t>(skipped));
    if (bytes.empty()) return;
    received_ += bytes.size();
    sink_.write(bytes);
  }

  std::uint64_t received() const { return received_; }

  Fields headers() const {
    if (received_ == 0) return {};
    Fields headers = {{"range", "bytes=" + std::to_string(received_) + "-"}};
    if (printable(etag_) == etag_) headers.emplace_back("if-match", etag_);
    return headers;
  }

  [[noreturn]] void changed() const {
    throw Error(ErrorKind::kDamaged, key_ + " changed while it was read: try again");
  }

 private:
  /// "bytes 100-199/200"
  std::uint64_t check_range(const std::string& range) const {
    if (!range.starts_with("bytes " + std::to_string(received_) + "-"))
      throw Error(ErrorKind::kDamaged, "the server sent a different range of " + key_ +
                                           " than requested: " + printable(range));
    return 0;
  }

  Sink& sink_;
  const std::string key_;
  std::string etag_;
  std::uint64_t received_ = 0;
  std::uint64_t skip_ = 0;
};

}  // namespace

bool download(S3Client& client, const std::string& key, Sink& sink) {
  const std::string doing = "read " + key;
  Resumer resumer(sink, key);
  std::uint64_t before = 0;
  for (int failures = 0;;) {
    S3Request request{.doing = doing, .method = "GET", .key = key};
    request.headers = resumer.headers();
    request.receiver = &resumer;
    try {
      client.send(request);
      return true;
    } catch (const HttpFailure& failure) {
      if (resumer.received() >= before + kProgress) failures = 0;
      before = resumer.received();
      if (client.gives_up(failure, ++failures)) throw client.unreachable(doing, failure, failures);
      client.warn_of_retry(doing, failure.what(), failures, client.target().attempts);
    } catch (const S3Error& error) {
      if (error.code() == "NoSuchKey" && resumer.received() == 0) return false;
      if (error.status() == 412 || error.code() == "NoSuchKey") resumer.changed();
      // The connection broke right after the last byte, or a response without a length ended early.
      if (error.status() == 416) resumer.changed();
      throw;
    }
    client.pause(failures, 0, nullptr);
  }
}

}  // namespace backups
