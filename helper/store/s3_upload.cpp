#include "store/s3_upload.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <thread>

#include "base/text.hpp"
#include "store/s3_list.hpp"
#include "store/s3_object.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr int kShortRequest = 120;  // seconds
constexpr int kCompletion = 900;    // seconds: the server puts up to 10,000 parts together

/// One part's bytes, in memory or in a file.
struct Piece {
  int number = 0;
  std::string bytes;
  FileRange file;

  std::uint64_t size() const { return file.fd >= 0 ? file.size : bytes.size(); }
  std::string sha256() const { return hash_of("SHA256", bytes, file); }
};

/// A multipart upload. Destroyed before complete() returned, it is aborted.
class Multipart {
 public:
  Multipart(S3Client& client, std::string key, PartPlan plan)
      : client_(client), key_(std::move(key)), plan_(plan), doing_("write " + key_) {}
  Multipart(const Multipart&) = delete;
  Multipart& operator=(const Multipart&) = delete;
  ~Multipart() {
    if (id_.empty() || completed_) return;
    halt();
    abort();
  }

  const PartPlan& plan() const { return plan_; }
  int next_number() const { return next_; }

  /// Waits until it may be on its way. Throws what went wrong with an earlier one.
  void send(Piece piece) {
    if (id_.empty()) begin();
    if (next_ > kMostParts)
      throw Error(ErrorKind::kFailed, "cannot " + doing_ + ": it has more than 10,000 parts; " +
                                          "give the target larger ones");
    piece.number = next_++;
    size_ += piece.size();
    const auto limit = static_cast<std::size_t>(plan_.in_flight(piece.number));
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return failed_ || busy_ + queue_.size() < limit; });
    if (failed_) std::rethrow_exception(failed_);
    parts_.resize(static_cast<std::size_t>(piece.number));
    queue_.push_back(std::move(piece));
    if (workers_.size() < limit && workers_.size() < busy_ + queue_.size())
      workers_.emplace_back([this] { work(); });
    work_.notify_one();
  }

  /// An empty one with room for `size` bytes. Those of parts that were sent are used again.
  std::string buffer(std::size_t size) {
    std::string buffer;
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty() && spare_.back().capacity() < size) spare_.clear();  // parts have grown
      if (!spare_.empty()) {
        buffer = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    buffer.reserve(size);
    return buffer;
  }

  S3Stored complete(bool create_only) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [&] { return failed_ || (busy_ == 0 && queue_.empty()); });
      if (failed_) std::rethrow_exception(failed_);
    }
    halt();
    S3Stored stored = finish_upload(create_only);
    completed_ = true;
    if (doubtful_) clear_doubt();
    ensure_lock(client_, key_, doing_);
    return stored;
  }

 private:
  void begin() {
    S3Request request{.doing = doing_, .method = "POST", .key = key_};
    request.query = {{"uploads", ""}};
    request.headers = object_headers(client_.target(), token_);
    request.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
    request.answers_xml = true;
    request.timeout = kShortRequest;
    request.fresh = true;
    S3Answer answer;
    try {
      answer = client_.send(request);
    } catch (const Error&) {
      clear_doubt();
      throw;
    }
    doubtful_ = answer.repeated;
    id_ = read_upload_id(answer.response.body).value_or("");
    if (id_.empty())
      throw Error(ErrorKind::kUnreachable,
                  "cannot " + doing_ + ": the server began an upload without naming it");
  }

  /// An attempt whose answer got lost may have begun an upload that nobody will end.
  void clear_doubt() noexcept {
    try {
      const interrupt::Shield shield;
      for (const auto& upload : list_uploads(client_, key_))
        if (upload.key == key_) abort_upload(client_, upload);
    } catch (const std::exception&) {  // abandon() finds it later
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      work_.wait(lock, [&] { return stop_ || !queue_.empty(); });
      if (stop_) return;
      Piece piece = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
      lock.unlock();
      S3Part part;
      std::exception_ptr thrown;
      try {
        part = send_part(piece);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      --busy_;
      parts_[static_cast<std::size_t>(piece.number - 1)] = std::move(part);
      piece.bytes.clear();
      if (piece.file.fd < 0) spare_.push_back(std::move(piece.bytes));
      if (thrown && !failed_) failed_ = thrown;
      if (thrown) stop_ = true;
      room_.notify_all();
      if (thrown) work_.notify_all();
    }
  }

  S3Part send_part(const Piece& piece) {
    S3Request request{.doing = doing_, .method = "PUT", .key = key_};
    request.query = {{"partNumber", std::to_string(piece.number)}, {"uploadId", id_}};
    request.body = piece.bytes;
    request.file = piece.file;
    if (!client_.target().unsigned_payload || client_.checksum_headers())
      request.sha256 = piece.sha256();
    const std::string checksum = base64_of_hex(request.sha256);
    if (!checksum.empty()) request.headers.emplace_back("x-amz-checksum-sha256", checksum);
    request.stop = &stop_;
    const std::string etag = client_.send(request).response.header("etag");
    if (etag.empty())
      throw Error(ErrorKind::kUnreachable,
                  "cannot " + doing_ + ": the server took a part without naming it");
    return {etag, client_.checksum_headers() ? checksum : ""};
  }

  S3Stored finish_upload(bool create_only) {
    const std::string body = write_completion(parts_);
    S3Request request{.doing = doing_, .method = "POST", .key = key_};
    request.query = {{"uploadId", id_}};
    request.headers = {{"content-type", "application/xml"}};
    if (create_only && !no_condition_) request.headers.emplace_back("if-none-match", "*");
    request.body = body;
    request.answers_xml = true;
    request.timeout = kCompletion;
    std::string etag;
    try {
      const S3Answer answer = client_.send(request);
      etag = bare_etag(read_completed(answer.response.body).value_or(""));
    } catch (const S3Error& error) {
      if (create_only && !no_condition_ && error.status() == 501) {
        no_condition_ = true;
        return finish_upload(create_only);
      }
      if (const auto done = done_before(error)) return *done;
      if (error.status() == 412)
        throw KeyTaken("cannot " + doing_ + " in the bucket " + client_.target().bucket +
                       ": it is there already");
      throw;
    }
    return confirm(std::move(etag));
  }

  /// A server that did it at the first attempt may not know the upload at the second.
  std::optional<S3Stored> done_before(const S3Error& error) {
    if (error.status() != 404 && error.status() != 412) return std::nullopt;
    const auto head = head_object(client_, key_, doing_);
    if (!head || head->token != token_ || head->size != size_) return std::nullopt;
    return S3Stored{head->size, head->etag};
  }

  /// What was put together is as long as what was sent, as far as we may look.
  S3Stored confirm(std::string etag) {
    try {
      const auto head = head_object(client_, key_, doing_);
      if (head && head->size != size_) {
        completed_ = true;
        throw Error(ErrorKind::kDamaged, "the server made an object of " +
                                             std::to_string(head->size) + " bytes from " +
                                             std::to_string(size_) + ": " + key_);
      }
      if (head && etag.empty()) etag = head->etag;
    } catch (const S3Error& error) {
      if (error.status() != 403) throw;
    }
    return {size_, etag};
  }

  /// Ends the threads, those that send without waiting for an answer.
  void halt() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_all();
    for (auto& worker : workers_) worker.join();
    workers_.clear();
  }

  /// A part that was cut off may still be arriving, and keep the upload alive: hence twice.
  void abort() noexcept {
    const interrupt::Shield shield;
    try {
      for (int i = 0; i < 2; ++i) abort_upload(client_, {key_, id_});
    } catch (const std::exception&) {  // abandon() finds it later
    }
    if (doubtful_) clear_doubt();
  }

  S3Client& client_;
  const std::string key_;
  const PartPlan plan_;
  const std::string doing_;
  const std::string token_ = random_hex(16);
  std::string id_;
  bool doubtful_ = false;
  bool completed_ = false;
  bool no_condition_ = false;
  int next_ = 1;
  std::uint64_t size_ = 0;

  std::mutex mutex_;  // of what follows
  std::condition_variable room_;
  std::condition_variable work_;
  std::deque<Piece> queue_;
  std::size_t busy_ = 0;
  std::vector<S3Part> parts_;
  std::vector<std::string> spare_;
  std::exception_ptr failed_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

class Upload : public Sink {
 public:
  Upload(S3Client& client, const std::string& key, bool create_only, S3Stored& stored,
         std::uint64_t part_size)
      : client_(client),
        key_(key),
        create_only_(create_only),
        stored_(stored),
        multipart_(
            client, key,
            PartPlan::for_stream(part_size != 0 ? part_size : client.target().part_size,
                                 client.target().expected_size, client.target().parts_in_flight)) {}

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::uint64_t size = multipart_.plan().size(multipart_.next_number());
      if (buffer_.size() == size) {
        send();
        continue;
      }
      if (buffer_.capacity() < size) buffer_ = multipart_.buffer(size);
      const std::size_t taken = std::min<std::size_t>(bytes.size(), size - buffer_.size());
      buffer_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
    }
  }

  void finish() override {
    if (multipart_.next_number() == 1) {
      stored_ = {buffer_.size(),
                 put_object(client_, {"write " + key_, key_, buffer_, {}, create_only_})};
      return;
    }
    send();
    stored_ = multipart_.complete(create_only_);
  }

 private:
  void send() {
    multipart_.send({0, std::move(buffer_), {}});
    buffer_ = {};
  }

  S3Client& client_;
  const std::string key_;
  const bool create_only_;
  S3Stored& stored_;
  std::string buffer_;
  Multipart multipart_;
};

}  // namespace

std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool create_only,
                                     S3Stored& stored, std::uint64_t part_size) {
  return std::make_unique<Upload>(client, key, create_only, stored, part_size);
}

void upload_file(S3Client& client, const std::string& key, const std::filesystem::path& file,
                 bool create_only, S3Stored& stored) {
  const auto fd = open_to_read(file);
  if (!fd) throw Error(ErrorKind::kNotFound, "there is no file " + file.string());
  const std::uint64_t size = fs::file_size(file);
  const S3Target& target = client.target();
  Multipart multipart(client, key,
                      PartPlan::for_file(target.part_size, size, target.parts_in_flight));
  const std::uint64_t first = multipart.plan().size(1);
  if (size <= first) {
    const FileRange whole{fd->get(), 0, size};
    stored = {size, put_object(client, {"write " + key, key, {}, whole, create_only})};
    return;
  }
  for (std::uint64_t at = 0; at < size; at += first)
    multipart.send({0, {}, {fd->get(), at, std::min(first, size - at)}});
  stored = multipart.complete(create_only);
}

}  // namespace backups
