// Credentials that expire before the command ends: those of roles, and of profiles that another
// program renews.
#include "store/s3/credentials.hpp"

#include <gmock/gmock.h>

#include <mutex>

#include "store/s3/store.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/stub_bucket.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::error_xml;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

/// The server accepts the session token `good_` and rejects all others as expired.
class S3CredentialsTest : public tests::StubBucket {
 protected:
  S3CredentialsTest() {
    fault_ = [this](const ServerRequest& request) -> std::optional<ServerReply> {
      const std::lock_guard lock(mutex_);
      if (request.header("x-amz-security-token") == good_) return std::nullopt;
      return ServerReply{400, request.method == "HEAD" ? "" : error_xml("ExpiredToken")};
    };
  }

  /// Returns new credentials at each call: the n-th have the token "token-n" and expire after that
  /// time.
  S3Credentials keys(std::optional<Time> seconds = std::nullopt) {
    ++found_;
    S3Credentials keys{"KEY", kSecret, "token-" + std::to_string(found_)};
    if (seconds) keys.expires = now() + *seconds;
    return keys;
  }

  void expect_token(const std::string& token) {
    const std::lock_guard lock(mutex_);
    good_ = token;
  }

  std::mutex mutex_;
  std::string good_ = "token-1";
  int found_ = 0;
};

TEST_F(S3CredentialsTest, AreRenewedInMidUploadWhenTheServerCallsThemExpired) {
  S3Credentials first = keys();
  first.renew = [this] { return keys(); };
  const auto store = make_s3_store(target(), first);
  const auto sink = store->put(kKey);
  sink->write(std::string_view(text_).substr(0, text_.size() / 2));
  expect_token("token-2");
  sink->write(std::string_view(text_).substr(text_.size() / 2));
  sink->finish();
  EXPECT_TRUE(object_ == text_);
  EXPECT_EQ(found_, 2);
}

TEST_F(S3CredentialsTest, AreRenewedBeforeTheyExpire) {
  S3Credentials first = keys(299);
  first.renew = [this] { return keys(3600); };
  expect_token("token-2");
  put("text", *make_s3_store(target(), first));
  EXPECT_EQ(object_, "text");
  EXPECT_EQ(count("PUT", ""), 1U);
  EXPECT_EQ(found_, 2);
}

TEST_F(S3CredentialsTest, AreLeftAloneWhileTheyLast) {
  S3Credentials first = keys(400);
  first.renew = [this] { return keys(3600); };
  put("text", *make_s3_store(target(), first));
  EXPECT_EQ(found_, 1);
}

TEST_F(S3CredentialsTest, DoAsLongAsTheyAreGoodWhereThereAreNoOthers) {
  S3Credentials first = keys(200);
  first.renew = []() -> S3Credentials { throw Error(ErrorKind::kKey, "the role went away"); };
  EXPECT_THAT(tests::stderr_of([&] { put("text", *make_s3_store(target(), first)); }),
              HasSubstr("the role went away"));
  EXPECT_EQ(object_, "text");
}

TEST_F(S3CredentialsTest, AreNotSoughtForEver) {
  S3Credentials first = keys();
  first.renew = [this] { return keys(); };
  expect_token("another");
  EXPECT_THAT([&] { put("text", *make_s3_store(target(), first)); },
              ThrowsError(ErrorKind::kUnreachable,
                          AllOf(HasSubstr("ExpiredToken"), Not(HasSubstr(kSecret)))));
  EXPECT_EQ(found_, 2);
  EXPECT_EQ(count("PUT", ""), 2U);
}

TEST_F(S3CredentialsTest, AreHiddenAlsoWhenOthersAreInUse) {
  S3Credentials first = keys();
  first.renew = [this] { return keys(); };
  S3Keyring keyring(first);
  EXPECT_TRUE(keyring.renew("token-1"));
  EXPECT_EQ(keyring.without_secrets("a token-1 b token-2 c " + std::string(kSecret)),
            "a *** b *** c ***");
}

TEST_F(S3CredentialsTest, EndALinkThatTheySign) {
  S3Credentials first = keys(3600);
  first.renew = [this] { return keys(3600); };
  const auto store = make_s3_store(target(), first);
  EXPECT_EQ(store->presign(kKey, 604'800).expires, *first.expires);
  const Time before = now();
  EXPECT_LE(before + 60, store->presign(kKey, 60).expires);
  EXPECT_GE(now() + 60, store->presign(kKey, 60).expires);
}

}  // namespace
}  // namespace backups
