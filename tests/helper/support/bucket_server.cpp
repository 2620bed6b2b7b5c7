#include "support/bucket_server.hpp"

#include "host/credentials.hpp"
#include "support/stub_bucket.hpp"

namespace backups::tests {
namespace {

constexpr const char* kMark = "x-amz-meta-backups-upload";
const std::string kBucket = "/bucket";

std::string decoded(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return plain;
}

std::string key_in(const std::string& target) {
  const std::string path = target.substr(0, target.find('?'));
  return path.size() <= kBucket.size() ? "" : decoded(path.substr(kBucket.size() + 1));
}

std::string query_value(const std::string& target, const std::string& name) {
  const auto at = target.find(name + "=");
  if (at == std::string::npos) return "";
  const auto from = at + name.size() + 1;
  return decoded(target.substr(from, target.find('&', from) - from));
}

}  // namespace

void BucketServer::add_to(State& state, const std::string& target) const {
  state.settings.change([&](Settings& settings) {
    settings.targets[target] = {
        {"bucket", "bucket"}, {"endpoint", server_.url()}, {"attempts", "1"}};
  });
  save_credentials(state.paths.root, target, {"KEY", "the-secret-of-secrets", ""});
}

std::vector<std::string> BucketServer::keys() const {
  std::vector<std::string> found;
  for (const auto& [key, object] : objects) found.push_back(key);
  return found;
}

std::vector<std::string> BucketServer::changes() const {
  std::vector<std::string> found;
  for (const auto& request : server_.requests())
    if (request.method == "PUT" || request.method == "DELETE")
      found.push_back(request.method + " " + key_in(request.target));
  return found;
}

ServerReply BucketServer::list(const std::string& prefix) const {
  std::string xml = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (const auto& [key, object] : objects)
    if (key.starts_with(prefix))
      xml += "<Contents><Key>" + key + "</Key><Size>" + std::to_string(object.size()) +
             "</Size><ETag>\"e\"</ETag></Contents>";
  return {200, xml + "</ListBucketResult>"};
}

ServerReply BucketServer::answer(const ServerRequest& request) {
  if (fault)
    if (auto reply = fault(request)) return *reply;
  const std::string key = key_in(request.target);
  if (request.target.find("uploads") != std::string::npos)
    return {200, "<ListMultipartUploadsResult></ListMultipartUploadsResult>"};
  if (key.empty()) return list(query_value(request.target, "prefix"));
  const auto found = objects.find(key);
  if (request.method == "PUT") {
    if (!request.header("if-none-match").empty() && found != objects.end())
      return {412, error_xml("PreconditionFailed")};
    objects[key] = request.body;
    marks_[key] = request.header(kMark);
    return {200, "", {{"ETag", "\"e\""}}};
  }
  if (request.method == "DELETE") {
    objects.erase(key);
    return {204};
  }
  if (found == objects.end()) return {404, request.method == "HEAD" ? "" : error_xml("NoSuchKey")};
  return {200, found->second, {{"ETag", "\"e\""}, {kMark, marks_[key]}}};
}

}  // namespace backups::tests
