#include "store/s3/store.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "store/s3/client.hpp"
#include "store/s3/download.hpp"
#include "store/s3/list.hpp"
#include "store/s3/object.hpp"
#include "store/s3/probe.hpp"
#include "store/s3/upload.hpp"

namespace backups {
namespace {

constexpr std::int64_t kTestLock = 60;        // seconds
constexpr std::int64_t kLongestUrl = 604800;  // seconds; the limit of the signature

bool valid_key(const std::string& key) {
  const auto parts = split(key, '/');
  return std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.empty() || part[0] == '.' || part.find('\0') != std::string::npos;
  });
}

class S3 : public S3Store {
 public:
  S3(const S3Target& target, const S3Credentials& credentials)
      : client_(target, credentials), credentials_(credentials) {}

  std::unique_ptr<Sink> put(const std::string& key,
                            std::optional<std::uint64_t> expected) override {
    return make_s3_upload(client_, full(key), false, stored_, expected);
  }

  std::unique_ptr<Sink> put_new(const std::string& key,
                                std::optional<std::uint64_t> expected) override {
    return make_s3_upload(client_, full(key), true, stored_, expected);
  }

  void put_file(const std::string& key, const std::filesystem::path& file) override {
    upload_file(client_, full(key), file, false, stored_);
  }

  void put_new_file(const std::string& key, const std::filesystem::path& file) override {
    upload_file(client_, full(key), file, true, stored_);
  }

  std::string last_etag() const override { return stored_.etag; }

  std::string credentials_origin() const override { return credentials_.origin; }

  bool get(const std::string& key, Sink& sink) override {
    return download(client_, full(key), sink);
  }

  std::optional<Entry> find(const std::string& key) override {
    try {
      const auto head = head_object(client_, full(key), "look at " + key);
      if (!head) return std::nullopt;
      return Entry{key, head->size.value_or(0), head->etag};
    } catch (const S3Error& error) {
      if (error.status() == 403)
        throw KeyHidden(error);  // S3 answers so also for a missing object, without s3:ListBucket
      throw;
    }
  }

  std::vector<Entry> list(const std::string& prefix) override {
    const std::string own = place("");
    std::vector<Entry> entries = list_objects(client_, prefix.empty() ? own : full(prefix) + "/");
    for (auto& entry : entries) {
      entry.key.erase(0, own.size());
      entry.etag = bare_etag(entry.etag);
    }
    std::erase_if(entries, [](const Entry& entry) { return !valid_key(entry.key); });
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.key < b.key; });
    return entries;
  }

  std::optional<Time> locked_until(const std::string& key) override {
    const auto head = head_object(client_, full(key), "look at " + key);
    const auto until = head ? backups::locked_until(*head) : std::nullopt;
    if (until && *until <= now() + client_.skew().value_or(0)) return std::nullopt;
    return until;
  }

  bool keeps_removed() const override { return keeps_removed_; }

  void remove(const std::string& key) override { remove_whole(full(key)); }

  void abandon(const std::string& key) override {
    const std::string whole = full(key);
    for (const auto& upload : list_uploads_if_possible(client_, whole))
      if (upload.key == whole) abort_upload(client_, upload);
  }

  std::size_t end_uploads(const std::function<bool(const std::string&)>& stale) override {
    const std::string own = place("");
    std::size_t ended = 0;
    for (const auto& upload : list_uploads_if_possible(client_, own)) {
      if (!stale(upload.key.substr(own.size()))) continue;
      abort_upload(client_, upload);
      ++ended;
    }
    return ended;
  }

  Link presign(const std::string& key, std::int64_t seconds) override {
    if (seconds < 1 || seconds > kLongestUrl)
      throw Error(ErrorKind::kBadInput, "a link can be valid for 1 second to 7 days");
    return client_.presign(full(key), seconds);
  }

  std::vector<Check> probe() override {
    S3Target target = client_.target();
    if (target.locks()) target.object_lock_seconds = kTestLock;
    target.fail_fast = true;
    target.attempts = std::min(target.attempts, 3);
    target.connect_timeout = std::min(target.connect_timeout, 10);
    target.stall_timeout = std::min(target.stall_timeout, 15);
    S3Client client(target, credentials_);
    return probe_bucket(client, place(".backups-test"));
  }

  std::string region() const override { return client_.region(); }

 private:
  void remove_whole(const std::string& key) {
    if (remove_object(client_, key)) keeps_removed_ = true;
  }
  std::string place(const std::string& key) const {
    const std::string& prefix = client_.target().prefix;
    return prefix.empty() ? key : prefix + "/" + key;
  }
  std::string full(const std::string& key) const {
    if (!valid_key(key))
      throw Error(ErrorKind::kBadInput, "'" + printable(key) + "' is not a valid file name");
    return place(key);
  }

  S3Client client_;
  const S3Credentials credentials_;
  S3Stored stored_;
  bool keeps_removed_ = false;
};

}  // namespace

std::unique_ptr<S3Store> make_s3_store(const S3Target& target, const S3Credentials& credentials) {
  return std::make_unique<S3>(target, credentials);
}

}  // namespace backups
