#include "store/s3/list.hpp"

#include <set>

#include "store/s3/pages.hpp"

namespace backups {
namespace {

constexpr int kAbortAttempts = 3;

/// `doing` is for messages: "list the objects".
template <typename Item>
std::vector<Item> list_all(S3Client& client, const std::string& doing, const Fields& which,
                           const std::string& prefix,
                           std::optional<S3Page<Item>> (*read)(const std::string& xml)) {
  const auto ask = [&](const Fields& next) {
    S3Request request{.doing = doing, .method = "GET"};
    request.query = which;
    request.query.emplace_back("prefix", prefix);
    request.query.insert(request.query.end(), next.begin(), next.end());
    request.answers_xml = true;
    request.timeout = kShortRequest;
    return client.send(request).response.body;
  };
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorKind::kUnreachable,
                "cannot " + doing + " in the bucket " + client.target().bucket + ": " + why);
  };
  return read_pages<Item>({ask, read, fail}, prefix);
}

}  // namespace

std::vector<Store::Entry> list_objects(S3Client& client, const std::string& prefix) {
  return list_all(client, "list the objects", {{"list-type", "2"}}, prefix, read_objects);
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
  return list_all(client, "list the unfinished uploads", {{"uploads", ""}}, prefix, read_uploads);
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
