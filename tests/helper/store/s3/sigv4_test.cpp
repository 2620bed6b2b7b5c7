#include "store/s3/sigv4.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.hpp"
#include "stream/digest.hpp"
#include "support/paths.hpp"

namespace backups {
namespace {

using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Fields fields_of(const json& object) {
  Fields fields;
  for (const auto& [name, value] : object.items()) fields.emplace_back(name, value);
  return fields;
}

std::string value_of(const Fields& fields, const std::string& wanted) {
  for (const auto& [name, value] : fields)
    if (name == wanted) return value;
  return "";
}

// Amazon S3 API reference, "Examples: Signature calculations" and "Authenticating requests: using
// query parameters".
struct Published {
  const char* name;
  const char* method;
  const char* path;
  Fields query;
  Fields headers;
  const char* body;
  const char* signature;
};
class PublishedExample : public testing::TestWithParam<Published> {
 protected:
  const Signer signer_{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "",
                       "us-east-1", "s3"};
  const Time time_ = parse_rfc3339("2013-05-24T00:00:00Z").value();
};

TEST_P(PublishedExample, IsSignedSo) {
  const Published& example = GetParam();
  SignedRequest request{example.method, example.path, example.query, example.headers};
  request.headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  const Fields headers = sign_headers(request, sha256(example.body), signer_, time_);
  EXPECT_THAT(value_of(headers, "Authorization"), EndsWith(example.signature));
}

INSTANTIATE_TEST_SUITE_P(
    Amazon, PublishedExample,
    testing::Values(Published{"range",
                              "GET",
                              "/test.txt",
                              {},
                              {{"Range", "bytes=0-9"}},
                              "",
                              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
                    Published{"put",
                              "PUT",
                              "/test$file.text",
                              {},
                              {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                               {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                              "Welcome to Amazon S3.",
                              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
                    Published{"lifecycle",
                              "GET",
                              "/",
                              {{"lifecycle", ""}},
                              {},
                              "",
                              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
                    Published{"list",
                              "GET",
                              "/",
                              {{"max-keys", "2"}, {"prefix", "J"}},
                              {},
                              "",
                              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"}),
    [](const auto& info) { return info.param.name; });

using PublishedUrl = PublishedExample;
TEST_F(PublishedUrl, IsSignedSo) {
  EXPECT_THAT(sign_query({"GET", "/test.txt", {}, {{"Host", "examplebucket.s3.amazonaws.com"}}},
                         signer_, time_, 86'400),
              EndsWith("&X-Amz-Signature="
                       "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"));
}

// tests/support/sigv4-vectors
TEST(SigV4, AgreesWithBotocore) {
  const json vectors = json::parse(read(tests::golden("sigv4.json")));
  ASSERT_GT(vectors["cases"].size(), 20U);
  for (const auto& vector : vectors["cases"]) {
    SCOPED_TRACE(vector.dump());
    const Signer signer{vectors["key"], vectors["secret"], vector["token"], vector["region"], "s3"};
    const Time time = parse_rfc3339(vector["time"].get<std::string>()).value();
    SignedRequest request{vector["method"], vector["path"], fields_of(vector["query"]),
                          fields_of(vector["headers"])};
    request.headers.emplace_back("host", vectors["host"]);
    const std::string hash = sha256(vector["body"].get<std::string>());
    Fields headers = sign_headers(request, hash, signer, time);
    EXPECT_THAT(value_of(headers, "Authorization"),
                EndsWith("Signature=" + vector["header"]["signature"].get<std::string>()));
    EXPECT_THAT(sign_query(request, signer, time, vector["expires"]),
                EndsWith("X-Amz-Signature=" + vector["presigned"].get<std::string>()));
    std::erase_if(headers, [](const auto& header) { return header.first == "Authorization"; });
    EXPECT_EQ(canonical_request({request.method, request.path, request.query, headers}, hash),
              vector["header"]["canonical_request"]);
  }
}

TEST(SigV4, EncodesEveryByteOnce) {
  EXPECT_EQ(uri_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(uri_encode(" +%/\xFF"), "%20%2B%25%2F%FF");
  EXPECT_EQ(uri_encode(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(uri_encode_path("/a b//../%2F"), "/a%20b//../%252F");
}

TEST(SigV4, SendsATokenSigned) {
  const Signer signer{"KEY", "secret", "the-token", "r", "s3"};
  const Fields headers = sign_headers({"GET", "/", {}, {{"host", "h"}}}, "x", signer, 0);
  EXPECT_EQ(value_of(headers, "x-amz-security-token"), "the-token");
  EXPECT_THAT(value_of(headers, "Authorization"),
              HasSubstr("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"));
  EXPECT_THAT(sign_query({"GET", "/", {}, {{"host", "h"}}}, signer, 0, 60),
              HasSubstr("X-Amz-Security-Token=the-token"));
}

/// A case of aws-c-auth's suite: request.txt is a raw request, whose lines may be folded.
SignedRequest parse_request(const std::string& raw, std::string& body) {
  SignedRequest request;
  const std::size_t blank = raw.find("\n\n");
  body = blank == std::string::npos ? "" : raw.substr(blank + 2);
  auto lines = split(raw.substr(0, blank), '\n');
  const std::string& first = lines[0];
  request.method = first.substr(0, first.find(' '));
  std::string target = first.substr(first.find(' ') + 1);
  target.resize(target.rfind(" HTTP/"));
  const std::size_t question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string::npos) {
    for (const auto& parameter : split(target.substr(question + 1), '&')) {
      const auto parts = split(parameter, '=');
      const bool encoded = parts[0] == "%E1%88%B4";
      request.query.emplace_back(encoded ? "\u1234" : parts[0], parts.size() > 1 ? parts[1] : "");
    }
  }
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t colon = lines[i].find(':');
    if (lines[i].empty()) continue;
    if (lines[i][0] == ' ' || lines[i][0] == '\t')
      request.headers.back().second += lines[i];
    else
      request.headers.emplace_back(lines[i].substr(0, colon), lines[i].substr(colon + 1));
  }
  return request;
}

TEST(SigV4, AgreesWithAwsCAuthWhereItsVectorsAre) {
  const std::filesystem::path all = tests::source("../shared/data/sigv4/aws-c-auth-v4");
  if (!std::filesystem::exists(all)) GTEST_SKIP() << "needs " << all;
  int count = 0;
  for (const auto& directory : std::filesystem::directory_iterator(all)) {
    if (!directory.is_directory()) continue;
    const json context = json::parse(read(directory.path() / "context.json"));
    std::string body;
    SignedRequest request = parse_request(read(directory.path() / "request.txt"), body);
    // S3's paths are never normalised.
    const bool plain = request.path.find("/.") == std::string::npos &&
                       request.path.find("//") == std::string::npos;
    if (context["normalize"].get<bool>() && !plain &&
        request.path.find("-._~") == std::string::npos)
      continue;
    SCOPED_TRACE(directory.path().filename());
    const json& credentials = context["credentials"];
    Signer signer{credentials["access_key_id"], credentials["secret_access_key"],
                  context.value("omit_session_token", false) ? "" : credentials.value("token", ""),
                  context["region"], context["service"]};
    const Time time = parse_rfc3339(context["timestamp"].get<std::string>()).value();
    request.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
    if (!signer.token.empty()) request.headers.emplace_back("X-Amz-Security-Token", signer.token);
    if (context["sign_body"].get<bool>())
      request.headers.emplace_back("x-amz-content-sha256", sha256(body));
    const std::string canonical = canonical_request(request, sha256(body));
    EXPECT_EQ(canonical, read(directory.path() / "header-canonical-request.txt"));
    const std::string to_sign = string_to_sign(canonical, signer, time);
    EXPECT_EQ(to_sign, read(directory.path() / "header-string-to-sign.txt"));
    EXPECT_EQ(signature(to_sign, signer, time), read(directory.path() / "header-signature.txt"));
    ++count;
  }
  EXPECT_GE(count, 30);
}

}  // namespace
}  // namespace backups
