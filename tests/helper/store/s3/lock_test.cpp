// Object Lock on servers that support it, support parts of it, or ignore it.
#include <gmock/gmock.h>

#include "store/s3/object.hpp"
#include "support/errors.hpp"
#include "support/stub_bucket.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

constexpr const char* kMode = "x-amz-object-lock-mode";
constexpr const char* kUntil = "x-amz-object-lock-retain-until-date";

class S3LockTest : public tests::StubBucket {
 protected:
  std::unique_ptr<S3Store> locking() const {
    S3Target target = this->target();
    target.object_lock_mode = "COMPLIANCE";
    target.object_lock_seconds = 3'600;
    return make_s3_store(target, {"KEY", kSecret, ""});
  }

  /// The server supports locks. An upload in several parts gets one only through ?retention.
  void know_locks() {
    fault_ = [this](const ServerRequest& request) -> std::optional<ServerReply> {
      const bool retention = request.target.ends_with("?retention=");
      if (request.method == "PUT" && (retention || !request.header(kMode).empty())) locked_ = true;
      if (retention) return ServerReply{200};
      return request.method == "HEAD" ? std::optional(head()) : std::nullopt;
    };
  }

  /// HEAD reports a lock, or `headers`.
  ServerReply head(std::map<std::string, std::string> headers = {}) const {
    if (locked_) headers = {{kMode, "COMPLIANCE"}, {kUntil, "2096-04-08T14:30:00.000000000Z"}};
    headers.insert({{"ETag", "\"e\""}, {"x-amz-meta-backups-upload", token_}});
    return {200, object_.value_or(""), headers};
  }

  ServerRequest last(const std::string& method, const std::string& in_target) const {
    ServerRequest found;
    for (const auto& request : server_.requests())
      if (request.method == method && request.target.find(in_target) != std::string::npos)
        found = request;
    return found;
  }

  static std::string md5(const std::string& text) {
    return base64_of_hex(hash_of("MD5", text, {}));
  }

  bool locked_ = false;
};

TEST_F(S3LockTest, IsAskedForWithTheDigestThatEveryServerKnows) {
  know_locks();
  put("text", *locking());
  const ServerRequest request = last("PUT", kKey);
  EXPECT_EQ(request.header(kMode), "COMPLIANCE");
  const auto until = parse_rfc3339(request.header(kUntil));
  ASSERT_TRUE(until);
  EXPECT_NEAR(static_cast<double>(*until - now()), 3'600, 10);
  EXPECT_EQ(request.header("content-md5"), "HLJR7A1WjeapKbUgxK7Y0Q==");  // by openssl md5
  EXPECT_EQ(count("PUT", "?retention"), 0U);
}

TEST_F(S3LockTest, LastsByTheClockOfTheServer) {
  know_locks();
  const auto others = fault_;
  fault_ = [others](const ServerRequest& request) {
    auto reply = others(request);
    if (reply) reply->headers["Date"] = "Wed, 08 Apr 2026 13:00:00 GMT";
    return reply;
  };
  put("text", *locking());
  EXPECT_THAT(last("PUT", kKey).header(kUntil), testing::StartsWith("2026-04-08T14:0"));
}

TEST_F(S3LockTest, IsMadeUpForWhereAnUploadOfSeveralPartsDidNotGetIt) {
  know_locks();
  put(text_, *locking());
  EXPECT_EQ(last("POST", "?uploads").header(kMode), "COMPLIANCE");
  ASSERT_EQ(count("PUT", "?retention"), 1U);
  const ServerRequest request = last("PUT", "?retention");
  EXPECT_THAT(request.body, AllOf(HasSubstr("<Mode>COMPLIANCE</Mode><RetainUntilDate>20"),
                                  HasSubstr("Z</RetainUntilDate></Retention>")));
  EXPECT_EQ(request.header("content-md5"), md5(request.body));
}

TEST_F(S3LockTest, ThatTheServerIgnoresFailsTheWrite) {
  for (const std::string& text : {std::string("text"), text_}) {
    EXPECT_THAT([&] { put(text, *locking()); },
                ThrowsError(ErrorKind::kRefused, HasSubstr("objects are not locked")));
  }
}

TEST_F(S3LockTest, IsNoneOfATargetWithout) {
  know_locks();
  put("text");
  EXPECT_EQ(last("PUT", kKey).header(kMode), "");
  EXPECT_EQ(last("PUT", kKey).header("content-md5"), "");
  EXPECT_EQ(count("HEAD", ""), 1U) << "to see that it is there, no more";
}

TEST_F(S3LockTest, IsToldWithItsEnd) {
  object_ = "text";
  EXPECT_EQ(store()->locked_until(kKey), std::nullopt);
  locked_ = true;
  know_locks();
  EXPECT_EQ(store()->locked_until(kKey), parse_rfc3339("2096-04-08T14:30:00Z"));
  fault_ = [this](const ServerRequest&) {
    locked_ = false;
    return head({{"x-amz-object-lock-legal-hold", "ON"}});
  };
  EXPECT_EQ(store()->locked_until(kKey), ObjectLock::kForever);
  fault_ = nullptr;
  object_.reset();
  EXPECT_EQ(store()->locked_until(kKey), std::nullopt);
}

TEST_F(S3LockTest, IsNotNeededByVersionsToKeepWhatIsRemoved) {
  const auto store = this->store();
  store->remove(kKey);
  EXPECT_FALSE(store->keeps_removed());
  fail_first(1, "DELETE", "", {204, "", {{"x-amz-delete-marker", "true"}}});
  store->remove(kKey);
  EXPECT_TRUE(store->keeps_removed());
}

}  // namespace
}  // namespace backups
