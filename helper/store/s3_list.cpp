#include "store/s3_list.hpp"

#include <chrono>
#include <iterator>
#include <set>

#include "store/limits.hpp"

namespace backups {
namespace {

constexpr int kShortRequest = 120;  // seconds
constexpr int kAbortAttempts = 3;

/// What a server may make us do before a list counts as endless.
class Pages {
 public:
  /// False: no more than that.
  bool take(const Fields& next, std::size_t items) {
    items_ += items;
    return seen_.insert(next).second && seen_.size() <= kMostPages && items_ <= kMostListed &&
           std::chrono::steady_clock::now() < end_;
  }

 private:
  std::set<Fields> seen_;
  std::size_t items_ = 0;
  const std::chrono::steady_clock::time_point end_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(kLongestList);
};

/// Of all pages; nothing but what begins with `prefix`, whatever the server thinks of that.
/// `doing`: "list the objects".
template <typename Item>
std::vector<Item> list_all(S3Client& client, const std::string& doing, const char* which,
                           const char* value, const std::string& prefix,
                           std::optional<S3Page<Item>> (*read)(const std::string& xml)) {
  S3Request request{.doing = doing, .method = "GET"};
  request.answers_xml = true;
  request.timeout = kShortRequest;
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorKind::kUnreachable,
                "cannot " + doing + " in the bucket " + client.target().bucket + ": " + why);
  };
  std::vector<Item> items;
  Fields next;
  Pages pages;
  do {
    request.query = {{which, value}, {"prefix", prefix}};
    request.query.insert(request.query.end(), next.begin(), next.end());
    auto page = read(client.send(request).response.body);
    if (!page) fail("the server's answer is not such a list");
    next = page->next;
    if (!pages.take(next, page->items.size())) fail("the server's list does not end");
    std::erase_if(page->items, [&](const Item& item) { return !item.key.starts_with(prefix); });
    items.insert(items.end(), std::make_move_iterator(page->items.begin()),
                 std::make_move_iterator(page->items.end()));
  } while (!next.empty());
  return items;
}

}  // namespace

std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix) {
  return list_all(client, "list the objects", "list-type", "2", prefix, read_objects);
}

bool remove_object(S3Client& client, const std::string& key) {
  S3Request request{.doing = "delete " + key, .method = "DELETE", .key = key};
  request.timeout = kShortRequest;
  try {
    return client.send(request).response.header("x-amz-delete-marker") == "true";
  } catch (const S3Error& error) {
    if (error.code() != "NoSuchKey") throw;
    return false;
  }
}

std::vector<S3Upload> list_uploads(S3Client& client, const std::string& prefix) {
  return list_all(client, "list the unfinished uploads", "uploads", "", prefix, read_uploads);
}

std::vector<S3Upload> list_uploads_if_possible(S3Client& client, const std::string& prefix) {
  try {
    return list_uploads(client, prefix);
  } catch (const S3Error& error) {
    static const std::set<int> lacking = {400, 403, 404, 405, 501};
    if (error.kind() != ErrorKind::kUnreachable || !lacking.contains(error.status())) throw;
    return {};
  }
}

void abort_upload(S3Client& client, const S3Upload& upload) {
  S3Request request{
      .doing = "end the upload of " + upload.key, .method = "DELETE", .key = upload.key};
  request.query = {{"uploadId", upload.id}};
  request.timeout = kShortRequest;
  request.attempts = kAbortAttempts;
  try {
    client.send(request);
  } catch (const S3Error& error) {
    if (error.status() != 404) throw;
  }
}

}  // namespace backups
