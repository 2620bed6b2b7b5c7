#include "store/s3/probe.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "base/text.hpp"
#include "store/s3/download.hpp"
#include "store/s3/list.hpp"
#include "store/s3/object.hpp"
#include "store/s3/upload.hpp"
#include "stream/limit.hpp"
#include "stream/text.hpp"

namespace backups {
namespace {

using Check = Prober::Check;
using Outcome = Check::Outcome;

constexpr std::int64_t kGoodClock = 60;  // seconds
constexpr std::size_t kTwoParts = kMinPartSize + 1;
constexpr const char* kUnguarded =
    "the provider does not refuse to overwrite files (If-None-Match): each name is checked before "
    "writing instead, and names of backups never repeat";
constexpr std::uint64_t kLargeBackup = 64ULL << 30;  // bytes

class Probe {
 public:
  Probe(S3Client& client, const std::string& prefix)
      : client_(client), key_(prefix + "/" + random_hex(8)), parts_key_(key_ + "-parts") {}

  std::vector<Check> run() {
    const bool written = check("write", [&] { put(false); });
    check_clock();
    if (!written) {
      for (const char* name : {"read", "list", "multipart", "uploads", "create-only", "delete"})
        checks_.push_back({name, Outcome::kSkipped, "nothing could be written"});
      return checks_;
    }
    check("read", [&] { read(); });
    check("list", [&] { list(); });
    check_options();
    const bool parts = check("multipart", [&] { multipart(); });
    if (parts) check_parts();
    check_uploads();
    check_create_only();
    check_delete(parts);
    return checks_;
  }

 private:
  bool check(const char* name, const std::function<void()>& action) {
    if (skipped(name)) return false;
    try {
      action();
      checks_.push_back({name, Outcome::kWorks, ""});
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      checks_.push_back({name, Outcome::kFails, error.what()});
      return false;
    }
  }

  bool skipped(const char* name) {
    if (!client_.is_lost()) return false;
    checks_.push_back(
        {name, Outcome::kSkipped, "not tested, because the server stopped answering"});
    return true;
  }

  /// True if the last check failed because of a response.
  bool refused() const { return checks_.back().outcome == Outcome::kFails && !client_.is_lost(); }

  void put(bool is_new) { put_object(client_, {"write a test object", key_, text_, {}, is_new}); }

  /// Reads no more than was written, whatever the server sends.
  bool reads_back() {
    TextSink out;
    LimitSink bounded(text_.size(), out);
    try {
      return download(client_, key_, bounded) && out.text == text_;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kDamaged) throw;
      return false;
    }
  }

  void read() {
    if (!reads_back())
      throw Error(ErrorKind::kDamaged,
                  "the data read differs from the data written: this is not the same bucket, or it "
                  "is not consistent enough for backups");
  }

  void list() {
    const auto entries = list_objects(client_, key_);
    if (entries.size() != 1 || entries[0].key != key_ || entries[0].size != text_.size())
      throw Error(ErrorKind::kDamaged,
                  "the object written is not listed: the provider's lists lag behind, and a sync "
                  "would miss backups");
  }

  /// Optional: without it, unfinished uploads of killed processes remain and cost money.
  void check_uploads() {
    check("uploads", [&] { list_uploads(client_, key_); });
    if (refused())
      lacks(
          "unfinished uploads cannot be listed, so leftovers of interrupted ones cannot be "
          "removed: add a lifecycle rule to the bucket that aborts incomplete multipart uploads");
  }

  /// Checks what only large backups need.
  void check_parts() {
    check("many-parts", [&] { send_part(kMaxParts); });
    if (refused())
      lacks("the provider allows fewer than 10,000 parts: " + part_size_advice(kLargeBackup));
    check("growing-parts", [&] {
      if (!takes_growing_parts(client_, parts_key_))
        throw Error(ErrorKind::kRefused, "the provider requires parts of equal size");
    });
    if (refused())
      lacks(checks_.back().message + "; for backups above 31 GiB " +
            part_size_advice(kLargeBackup));
  }

  /// For an upload that is aborted again.
  void send_part(int number) {
    S3Request begin{.doing = "start an upload", .method = "POST", .key = parts_key_};
    begin.query = {{"uploads", ""}};
    begin.answers_xml = true;
    const auto id = read_upload_id(client_.send(begin).response.body);
    if (!id)
      throw Error(ErrorKind::kUnreachable, "the server started an upload without an upload id");
    const std::string text = "x";
    S3Request part{.doing = "send part " + std::to_string(number), .method = "PUT"};
    part.key = parts_key_;
    part.query = {{"partNumber", std::to_string(number)}, {"uploadId", *id}};
    part.body = text;
    try {
      client_.send(part);
    } catch (const Error&) {
      abort_upload(client_, {parts_key_, *id});
      throw;
    }
    abort_upload(client_, {parts_key_, *id});
  }

  void lacks(const std::string& message) {
    checks_.back() = {checks_.back().name, Outcome::kLacks, message};
  }

  void multipart() {
    // Two small parts, whatever the target's settings.
    S3Stored stored;
    const auto sink = make_s3_upload(client_, parts_key_, false, stored,
                                     PartPlan::for_stream(kMinPartSize, 0, 1));
    sink->write(std::string(kTwoParts, 'x'));
    sink->finish();
  }

  void check_clock() {
    const auto skew = client_.skew();
    if (!skew) {
      checks_.push_back({"clock", Outcome::kSkipped, "the server did not send its time"});
    } else if (std::llabs(*skew) <= kGoodClock) {
      checks_.push_back({"clock", Outcome::kWorks, ""});
    } else {
      checks_.push_back({"clock", Outcome::kLacks,
                         "this host's clock is " + human_duration(std::llabs(*skew)) +
                             (*skew > 0 ? " behind" : " ahead of") +
                             " the server's: correct it, or requests will be refused"});
    }
  }

  /// Looks at the object, since some servers ignore unknown headers. Object Lock was checked when
  /// it was written.
  void check_options() {
    const S3Target& target = client_.target();
    if (target.locks()) checks_.push_back({"object-lock", Outcome::kWorks, ""});
    check_option("encryption", "x-amz-server-side-encryption", target.server_side_encryption,
                 "the server does not encrypt as configured");
    // The standard class is not named in responses.
    check_option("storage-class", "x-amz-storage-class",
                 target.storage_class == "STANDARD" ? "" : target.storage_class,
                 "objects do not get the storage class of the target");
  }

  void check_option(const char* name, const char* header, const std::string& wanted,
                    const char* otherwise) {
    if (wanted.empty()) return;
    check(name, [&] {
      const auto head = head_object(client_, key_, "look at a test object");
      if (!head || head->response.header(header) != wanted)
        throw Error(ErrorKind::kRefused, otherwise);
    });
  }

  void check_delete(bool parts) {
    bool hidden = false;
    const bool works = check("delete", [&] {
      hidden = remove_object(client_, key_);
      if (parts) remove_object(client_, parts_key_);
    });
    if (client_.is_lost()) checks_.back().message += "; the test object may still exist: " + key_;
    if (works && hidden)
      checks_.back() = {"delete", Outcome::kLacks,
                        "the bucket is versioned, so deleted files are only hidden: add a "
                        "lifecycle rule that expires noncurrent versions"};
  }

  void check_create_only() {
    if (skipped("create-only")) return;
    try {
      put(true);
      checks_.push_back({"create-only", Outcome::kLacks, kUnguarded});
    } catch (const Error& error) {
      const bool guarded = error.kind() == ErrorKind::kRefused;
      checks_.push_back({"create-only", guarded ? Outcome::kWorks : Outcome::kFails,
                         guarded ? "" : error.what()});
      if (guarded && !client_.conditions()) lacks(kUnguarded);
    }
  }

  S3Client& client_;
  const std::string key_;
  const std::string parts_key_;
  const std::string text_ = "a test of dokku backups:target-test, safe to delete\n";
  std::vector<Check> checks_;
};

}  // namespace

std::vector<Check> probe_bucket(S3Client& client, const std::string& prefix) {
  return Probe(client, prefix).run();
}

}  // namespace backups
