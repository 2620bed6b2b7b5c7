#include "store/s3/multipart.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "store/s3/list.hpp"
#include "store/s3/object.hpp"
#include "store/s3/problem.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

constexpr int kCompletion = 900;  // seconds; the server joins up to 10,000 parts
constexpr Time kClockError = 5;   // seconds, between two servers of a provider

}  // namespace

Multipart::Multipart(S3Client& client, std::string key, PartPlan plan)
    : client_(client),
      key_(std::move(key)),
      plan_(plan),
      doing_("write " + key_),
      token_(random_hex(16)) {}

Multipart::~Multipart() {
  if (id_.empty() || completed_) return;
  halt();
  abort();
}

void Multipart::send(S3Piece piece) {
  if (id_.empty()) begin();
  if (next_ > kMaxParts)
    throw Error(ErrorKind::kFailed, "cannot " + doing_ + ": it needs more than 10,000 parts; " +
                                        part_size_advice(size_ * 4));
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

std::string Multipart::buffer(std::size_t size) {
  std::string buffer;
  {
    const std::lock_guard lock(mutex_);
    if (!spare_.empty() && spare_.back().capacity() < size)
      spare_.clear();  // parts have grown: these are too small
    if (!spare_.empty()) {
      buffer = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  buffer.reserve(size);
  return buffer;
}

S3Stored Multipart::complete(bool is_new) {
  {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [&] { return failed_ || (busy_ == 0 && queue_.empty()); });
    if (failed_) std::rethrow_exception(failed_);
  }
  halt();
  S3Stored stored = finish_upload(is_new, is_new && client_.conditions());
  if (maybe_orphaned_) abort_orphans();
  ensure_lock(client_, key_, doing_);
  return stored;
}

void Multipart::begin() {
  S3Request request{.doing = doing_, .method = "POST", .key = key_};
  request.query = {{"uploads", ""}};
  request.headers = object_headers(client_, key_, token_);
  request.headers.emplace_back("x-amz-checksum-algorithm", "SHA256");
  request.answers_xml = true;
  request.timeout = kShortRequest;
  request.fresh = true;
  begun_ = now();
  S3Answer answer;
  try {
    answer = client_.send(request);
  } catch (const Error&) {
    abort_orphans();
    throw;
  }
  maybe_orphaned_ = answer.repeated;
  id_ = read_upload_id(answer.response.body).value_or("");
  takes_checksums_ = !answer.response.header("x-amz-checksum-algorithm").empty();
  if (id_.empty())
    throw Error(ErrorKind::kUnreachable,
                "cannot " + doing_ + ": the server started an upload without an upload id");
}

/// A request whose response was lost may have begun an upload that nobody ends. Uploads that are
/// older than the first request belong to somebody else.
void Multipart::abort_orphans() noexcept {
  try {
    const interrupt::Shield shield;
    const Time begun = begun_ + client_.skew().value_or(0);
    for (const auto& upload : list_uploads(client_, key_))
      if (upload.key == key_ && upload.id != id_ && upload.begun >= begun - kClockError)
        abort_upload(client_, upload);
  } catch (const std::exception&) {  // UploadSweeper finds it later
  }
}

void Multipart::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    S3Piece piece = std::move(queue_.front());
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

S3Part Multipart::send_part(const S3Piece& piece) {
  S3Request request{.doing = doing_, .method = "PUT", .key = key_};
  request.query = {{"partNumber", std::to_string(piece.number)}, {"uploadId", id_}};
  request.body = piece.bytes;
  request.file = piece.file;
  if (!client_.target().unsigned_payload || client_.checksum_headers())
    request.sha256 = hash_of("SHA256", piece.bytes, piece.file);
  const std::string checksum = base64_of_hex(request.sha256);
  if (!checksum.empty()) request.headers.emplace_back("x-amz-checksum-sha256", checksum);
  request.stop = &stop_;
  try {
    const std::string etag = client_.send(request).response.header("etag");
    if (!etag.empty()) return {etag, checksum};
  } catch (const S3Error& error) {
    if (piece.number <= kFewParts || error.status() != 400) throw;
    throw Error(error.kind(), std::string(error.what()) + "; the provider may allow only " +
                                  std::to_string(piece.number - 1) +
                                  " parts: " + part_size_advice(piece.size() * kMaxParts));
  }
  throw Error(ErrorKind::kUnreachable,
              "cannot " + doing_ + ": the server accepted a part without returning an ETag");
}

/// Returns the ETag, which may be empty. Checksums are included only if the server accepted them,
/// since other servers refuse more than number and ETag of each part.
std::string Multipart::ask_to_complete(bool conditional) {
  const std::string body = write_completion(parts_, takes_checksums_);
  S3Request request{.doing = doing_, .method = "POST", .key = key_};
  request.query = {{"uploadId", id_}};
  request.headers = {{"content-type", "application/xml"}};
  if (conditional) request.headers.emplace_back("if-none-match", "*");
  request.body = body;
  request.answers_xml = true;
  request.timeout = kCompletion;
  try {
    return bare_etag(read_completed(client_.send(request).response.body).value_or(""));
  } catch (const S3Error& error) {
    const bool wants = error.status() == 400 && client_.checksum_headers() &&
                       std::string_view(error.what()).find("hecksum") != std::string_view::npos;
    if (takes_checksums_ || !wants) throw;
    takes_checksums_ = true;
    return ask_to_complete(conditional);
  }
}

S3Stored Multipart::finish_upload(bool is_new, bool conditional) {
  // Some servers that support the condition elsewhere ignore it here.
  if (is_new) require_absent(client_, key_, doing_);
  std::string etag;
  try {
    etag = ask_to_complete(conditional);
  } catch (const S3Error& error) {
    if (conditional && refuses_condition(error)) {
      client_.disable_conditions();
      return finish_upload(is_new, false);
    }
    if (const auto done = done_before(error)) {
      completed_ = true;
      return *done;
    }
    if (error.status() == 412 && conditional && is_absent(client_, key_, doing_))
      return finish_upload(is_new, false);
    if (error.status() == 412) throw_exists(client_, doing_);
    if (error.status() == 400 && plan_.size(1) != plan_.size(std::max(1, next_ - 2)))
      throw Error(error.kind(),
                  std::string(error.what()) +
                      "; the provider may require parts of equal size: " + part_size_advice(size_));
    throw;
  }
  completed_ = true;
  return {size_, confirm_object(client_, key_, doing_, {size_, etag, token_})};
}

/// A server that completed the upload at the first attempt may not know it at the second.
std::optional<S3Stored> Multipart::done_before(const S3Error& error) {
  if (error.status() != 404 && error.status() != 412) return std::nullopt;
  const auto head = head_if_allowed(client_, key_, doing_);
  if (!head || head->token != token_ || head->size != size_) return std::nullopt;
  return S3Stored{size_, head->etag};
}

/// Ends the threads without waiting for responses.
void Multipart::halt() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_all();
  for (auto& worker : workers_) worker.join();
  workers_.clear();
}

/// Aborts twice, because a part that is still arriving can keep the upload alive.
void Multipart::abort() noexcept {
  const interrupt::Shield shield;
  try {
    for (int i = 0; i < 2; ++i) abort_upload(client_, {key_, id_});
  } catch (const std::exception&) {  // UploadSweeper finds it later
  }
  if (maybe_orphaned_) abort_orphans();
}

}  // namespace backups
