#include "store/s3/upload.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "store/s3/list.hpp"
#include "store/s3/multipart.hpp"
#include "store/s3/object.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

class Upload : public Sink {
 public:
  Upload(S3Client& client, const std::string& key, bool is_new, S3Stored& stored, PartPlan plan)
      : client_(client),
        key_(key),
        is_new_(is_new),
        stored_(stored),
        multipart_(client, key, plan) {}

  void write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::uint64_t size = next_size();
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
      stored_ = put_object(client_, {"write " + key_, key_, buffer_, {}, is_new_});
      return;
    }
    send();
    stored_ = multipart_.complete(is_new_);
  }

 private:
  std::uint64_t next_size() {
    const PartPlan& plan = multipart_.plan();
    const int number = multipart_.next_number();
    if (plan.size(number) != plan.size(1) && !growth_is_decided_) {
      growth_is_decided_ = true;
      if (!may_grow()) multipart_.keep_parts_equal();
    }
    return plan.size(number);
  }

  /// In doubt, parts grow: most providers accept that.
  bool may_grow() {
    const std::string& prefix = client_.target().prefix;
    try {
      if (takes_growing_parts(
              client_, prefix + (prefix.empty() ? "" : "/") + ".backups-test/" + random_hex(8)))
        return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      return true;
    }
    const std::uint64_t size = multipart_.plan().size(1);
    log::warn("The provider requires parts of equal size, so " + key_ + " can have " +
              human_size(size * kMaxParts) + " at most: for more, " +
              part_size_advice(size * kMaxParts * 2));
    return false;
  }

  void send() {
    multipart_.send({std::move(buffer_)});
    buffer_ = {};
  }

  S3Client& client_;
  const std::string key_;
  const bool is_new_;
  S3Stored& stored_;
  std::string buffer_;
  bool growth_is_decided_ = false;
  Multipart multipart_;
};

/// An object that cannot fit is refused before a byte is sent.
void require_fit(const S3Client& client, const std::string& key, const PartPlan& plan,
                 std::uint64_t size) {
  if (size <= plan.limit()) return;
  throw Error(ErrorKind::kRefused, "cannot write " + key + " in the bucket " +
                                       client.target().bucket + ": about " + human_size(size) +
                                       " do not fit in 10,000 parts of " +
                                       human_size(plan.size(1)) + "; " + part_size_advice(size));
}

}  // namespace

std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, std::optional<std::uint64_t> expected) {
  const S3Target& target = client.target();
  const std::uint64_t size = expected.value_or(0);
  const PartPlan plan = PartPlan::for_stream(target.part_size, size, target.parts_in_flight);
  require_fit(client, key, plan, size);
  return make_s3_upload(client, key, is_new, stored, plan);
}

std::unique_ptr<Sink> make_s3_upload(S3Client& client, const std::string& key, bool is_new,
                                     S3Stored& stored, const PartPlan& plan) {
  return std::make_unique<Upload>(client, key, is_new, stored, plan);
}

bool takes_growing_parts(S3Client& client, const std::string& key) {
  Multipart upload(client, key, PartPlan::for_stream(kMinPartSize, 0, 1));
  try {
    upload.send({std::string(kMinPartSize, 'x')});
    upload.send({std::string(kMinPartSize + kMinPartSize / 5, 'x')});
    upload.send({"x"});
    upload.complete(false);
  } catch (const S3Error& error) {
    if (error.status() != 400) throw;
    return false;
  }
  remove_object(client, key);
  return true;
}

void upload_file(S3Client& client, const std::string& key, const std::filesystem::path& file,
                 bool is_new, S3Stored& stored) {
  const auto fd = open_to_read(file);
  if (!fd) throw Error(ErrorKind::kNotFound, "file " + file.string() + " not found");
  const std::uint64_t size = std::filesystem::file_size(file);
  const S3Target& target = client.target();
  Multipart multipart(client, key,
                      PartPlan::for_file(target.part_size, size, target.parts_in_flight));
  const std::uint64_t first = multipart.plan().size(1);
  require_fit(client, key, multipart.plan(), size);
  if (size <= first) {
    const FileRange whole{fd->get(), 0, size};
    stored = put_object(client, {"write " + key, key, {}, whole, is_new});
    return;
  }
  for (std::uint64_t at = 0; at < size; at += first)
    multipart.send({{}, {fd->get(), at, std::min(first, size - at)}});
  stored = multipart.complete(is_new);
}

}  // namespace backups
