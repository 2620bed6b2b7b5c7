#include "store/s3/retry.hpp"

#include <gmock/gmock.h>

namespace backups {
namespace {

constexpr Time kNow = 1'369'353'600;  // 2013-05-24T00:00:00Z

TEST(S3Retry, RetriesWhatMayPass) {
  for (const int status : {408, 425, 429, 499, 500, 502, 503, 504, 520})
    EXPECT_TRUE(worth_retrying(status, "")) << status;
  for (const char* code : {"SlowDown", "SlowDownWrite", "RequestTimeout", "InternalError",
                           "ThrottlingException", "BadDigest", "XAmzContentSHA256Mismatch"})
    EXPECT_TRUE(worth_retrying(400, code)) << code;
  EXPECT_TRUE(worth_retrying(200, "InternalError"));
  EXPECT_TRUE(worth_retrying(200, "")) << "a body that is no answer";
}

TEST(S3Retry, DoesNotRetryWhatStays) {
  for (const int status : {301, 307, 400, 401, 403, 404, 405, 409, 411, 412, 416, 501, 505})
    EXPECT_FALSE(worth_retrying(status, "")) << status;
  for (const char* code : {"AccessDenied", "NoSuchBucket", "NoSuchUpload", "SignatureDoesNotMatch",
                           "EntityTooLarge", "RequestTimeTooSkewed"})
    EXPECT_FALSE(worth_retrying(403, code)) << code;
}

TEST(S3Retry, DoublesTheBoundUpToTheLimit) {
  EXPECT_DOUBLE_EQ(backoff(1, 0.5, 20, 0), 0);
  EXPECT_DOUBLE_EQ(backoff(1, 0.5, 20, 0.999), 0.4995);
  EXPECT_DOUBLE_EQ(backoff(2, 0.5, 20, 0.5), 0.5);
  EXPECT_DOUBLE_EQ(backoff(5, 0.5, 20, 0.5), 4);
  EXPECT_DOUBLE_EQ(backoff(7, 0.5, 20, 0.5), 10);
  EXPECT_DOUBLE_EQ(backoff(1'000, 0.5, 20, 0.5), 10);
}

TEST(S3Retry, UnderstandsRetryAfter) {
  EXPECT_EQ(retry_after("0", kNow), 0);
  EXPECT_EQ(retry_after("120", kNow), 120);
  EXPECT_EQ(retry_after("Fri, 24 May 2013 00:01:30 GMT", kNow), 90);
  EXPECT_EQ(retry_after("Thu, 23 May 2013 00:00:00 GMT", kNow), 0);
  for (const char* bad : {"", "soon", "-1", "1.5", "Fri, 24 Foo 2013 00:00:00 GMT"})
    EXPECT_EQ(retry_after(bad, kNow), std::nullopt) << bad;
}

TEST(S3Retry, ReadsTheServersClock) {
  EXPECT_EQ(parse_http_date("Fri, 24 May 2013 00:00:00 GMT"), kNow);
  EXPECT_EQ(parse_http_date("Sun, 29 Feb 2032 23:59:59 GMT"),
            parse_rfc3339("2032-02-29T23:59:59Z"));
  for (const char* bad : {"", "Fri, 31 Feb 2013 00:00:00 GMT", "Fri, 24 May 2013 25:00:00 GMT",
                          "Friday, 24-May-13 00:00:00 GMT", "Fri, 24 May 2013"})
    EXPECT_EQ(parse_http_date(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace backups
