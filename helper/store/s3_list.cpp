#include "store/s3_list.hpp"

#include <iterator>

namespace backups {
namespace {

constexpr int kShortRequest = 120;  // seconds
constexpr int kAbortAttempts = 3;

/// Of all pages. `doing`: "list the objects".
template <typename Item>
std::vector<Item> list_all(S3Client& client, const std::string& doing, const Fields& query,
                           std::optional<S3Page<Item>> (*read)(const std::string& xml)) {
  S3Request request{.doing = doing, .method = "GET"};
  request.answers_xml = true;
  request.timeout = kShortRequest;
  std::vector<Item> items;
  Fields next;
  do {
    request.query = query;
    request.query.insert(request.query.end(), next.begin(), next.end());
    auto page = read(client.send(request).response.body);
    if (!page || (!next.empty() && page->next == next))
      throw Error(ErrorKind::kUnreachable, "cannot " + doing + " in the bucket " +
                                               client.target().bucket +
                                               ": the server's answer is not such a list");
    items.insert(items.end(), std::make_move_iterator(page->items.begin()),
                 std::make_move_iterator(page->items.end()));
    next = page->next;
  } while (!next.empty());
  return items;
}

}  // namespace

std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix) {
  return list_all(client, "list the objects", {{"list-type", "2"}, {"prefix", prefix}},
                  read_objects);
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
  return list_all(client, "list the unfinished uploads", {{"uploads", ""}, {"prefix", prefix}},
                  read_uploads);
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
