#include "support/stub_bucket.hpp"

#include "support/sinks.hpp"

namespace backups::tests {

std::string error_xml(const std::string& code, const std::string& more) {
  return "<?xml version=\"1.0\"?>\n<Error><Code>" + code + "</Code><Message>Because.</Message>" +
         more + "</Error>";
}

ServerReply StubBucket::answer(const ServerRequest& request) {
  if (fault_)
    if (auto reply = fault_(request)) return *reply;
  return serve(request);
}

ServerReply StubBucket::serve(const ServerRequest& request) {
  const auto has = [&](const char* word) { return request.target.find(word) != std::string::npos; };
  if (request.method == "POST" && has("?uploads")) {
    ++open_uploads_;
    parts_.clear();
    token_ = request.header("x-amz-meta-backups-upload");
    std::map<std::string, std::string> headers;
    if (takes_checksums_) headers["x-amz-checksum-algorithm"] = "SHA256";
    return {200,
            "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
            "</InitiateMultipartUploadResult>",
            headers};
  }
  if (request.method == "PUT" && has("partNumber=")) {
    const auto at = request.target.find("partNumber=") + 11;
    parts_[std::stoi(request.target.substr(at))] = request.body;
    return {200, "", {{"ETag", "\"part\""}}};
  }
  if (request.method == "POST") {
    object_.emplace();
    for (const auto& [number, bytes] : parts_) *object_ += bytes;
    open_uploads_ = 0;
    return {200,
            "<CompleteMultipartUploadResult><ETag>\"e-1\"</ETag>"
            "</CompleteMultipartUploadResult>"};
  }
  if (request.method == "DELETE" && has("uploadId")) {
    if (open_uploads_ == 0) return {404, error_xml("NoSuchUpload")};
    open_uploads_ = 0;
    return {204};
  }
  if (request.method == "GET" && has("?prefix=") && has("uploads"))
    return {200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>"};
  if (request.method == "GET" && has("list-type"))
    return {200, "<ListBucketResult></ListBucketResult>"};
  if (request.method == "PUT") {
    object_ = request.body;
    token_ = request.header("x-amz-meta-backups-upload");
    return {200, "", {{"ETag", "\"e\""}}};
  }
  return read(request);
}

ServerReply StubBucket::read(const ServerRequest& request) const {
  if (!object_) return {404, request.method == "HEAD" ? "" : error_xml("NoSuchKey")};
  const std::string range = request.header("range");
  if (request.method == "HEAD")
    return {200, *object_, {{"ETag", "\"e\""}, {"x-amz-meta-backups-upload", token_}}};
  if (range.empty()) return {200, *object_, {{"ETag", "\"e\""}}};
  const auto from = static_cast<std::size_t>(std::stoul(range.substr(6)));
  return {206,
          object_->substr(from),
          {{"ETag", "\"e\""},
           {"Content-Range", "bytes " + std::to_string(from) + "-" +
                                 std::to_string(object_->size() - 1) + "/" +
                                 std::to_string(object_->size())}}};
}

void StubBucket::fail_first(int times, const std::string& method, const std::string& in_target,
                            const ServerReply& reply, bool done_all_the_same) {
  auto left = std::make_shared<int>(times);
  fault_ = [=, this](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != method || request.target.find(in_target) == std::string::npos ||
        *left == 0)
      return std::nullopt;
    --*left;
    if (done_all_the_same) serve(request);
    return reply;
  };
}

S3Target StubBucket::target(int attempts) const {
  S3Target target;
  target.endpoint = server_.url();
  target.bucket = "bucket";
  target.part_size = kMinPartSize;
  target.attempts = attempts;
  target.backoff_unit = 0.001;
  target.connect_timeout = 20;
  target.stall_timeout = 20;
  return target;
}

std::unique_ptr<S3Store> StubBucket::store(int attempts) const {
  return make_s3_store(target(attempts), {"KEY", kSecret, ""});
}

void StubBucket::put(const std::string& text, Store& store) {
  const auto sink = store.put(kKey);
  sink->write(text);
  sink->finish();
}

std::string StubBucket::get() {
  Collector out;
  EXPECT_TRUE(store()->get(kKey, out));
  return out.text;
}

std::size_t StubBucket::count(const std::string& method, const std::string& in_target) const {
  std::size_t found = 0;
  for (const auto& request : server_.requests())
    found += request.method == method && request.target.find(in_target) != std::string::npos;
  return found;
}

}  // namespace backups::tests
