#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/s3/client.hpp"
#include "store/s3/object.hpp"
#include "store/s3/parts.hpp"
#include "sys/clock.hpp"
#include "sys/http.hpp"

namespace backups {

/// One part's bytes, in memory or in a file.
struct S3Piece {
  std::string bytes{};
  FileRange file{};
  int number = 0;  ///< set by send()

  std::uint64_t size() const { return file.fd >= 0 ? file.size : bytes.size(); }
};

/// A multipart upload. It begins with its first part, and its own threads send the parts. If it is
/// destroyed before complete() has returned, it aborts itself, and no other upload of the same key.
class Multipart {
 public:
  Multipart(S3Client& client, std::string key, PartPlan plan);
  Multipart(const Multipart&) = delete;
  Multipart& operator=(const Multipart&) = delete;
  ~Multipart();

  const PartPlan& plan() const { return plan_; }
  int next_number() const { return next_; }
  void keep_parts_equal() { plan_.keep_equal(); }

  /// Queues a part; waits while too many are in flight. Throws the error of an earlier part.
  void send(S3Piece piece);

  /// An empty string with a capacity of `size` bytes; buffers of sent parts are reused.
  std::string buffer(std::size_t size);

  /// Completes the upload after all parts were sent. Throws KeyTaken if `is_new` and the object
  /// exists.
  S3Stored complete(bool is_new);

 private:
  void begin();
  void abort_orphans() noexcept;
  void work();
  S3Part send_part(const S3Piece& piece);
  S3Stored finish_upload(bool is_new, bool conditional);
  std::string ask_to_complete(bool conditional);
  std::optional<S3Stored> done_before(const S3Error& error);
  void halt();
  void abort() noexcept;

  S3Client& client_;
  const std::string key_;
  PartPlan plan_;
  const std::string doing_;
  const std::string token_;
  std::string id_;
  Time begun_ = 0;                // by our clock
  bool takes_checksums_ = false;  // the server said so when the upload was created
  bool maybe_orphaned_ = false;
  bool completed_ = false;
  int next_ = 1;
  std::uint64_t size_ = 0;

  std::mutex mutex_;  // of what follows
  std::condition_variable room_;
  std::condition_variable work_;
  std::deque<S3Piece> queue_;
  std::size_t busy_ = 0;
  std::vector<S3Part> parts_;
  std::vector<std::string> spare_;
  std::exception_ptr failed_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> workers_;
};

}  // namespace backups
