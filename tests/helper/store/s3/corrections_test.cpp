// What the server's answers correct: the region, the clock, and whether it accepts checksums.
#include <gmock/gmock.h>

#include <algorithm>

#include "store/s3/store.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/stub_bucket.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using tests::error_xml;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

std::string date_header(Time time) {
  static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string text = rfc3339(time);
  return "Fri, " + text.substr(8, 2) + " " + kMonths[std::stoi(text.substr(5, 2)) - 1] + " " +
         text.substr(0, 4) + " " + text.substr(11, 8) + " GMT";
}

class S3CorrectionTest : public tests::StubBucket {};

TEST_F(S3CorrectionTest, LeavesChecksumHeadersOutWhereTheyAreRefused) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    for (const auto& [name, value] : request.headers)
      if (name.starts_with("x-amz-checksum"))
        return ServerReply{400,
                           "<Error><Code>InvalidArgument</Code>"
                           "<Message>Unsupported header 'x-amz-checksum-algorithm'</Message>"
                           "</Error>"};
    return std::nullopt;
  };
  put("small");
  EXPECT_EQ(object_, "small");
  EXPECT_EQ(count("PUT", ""), 2U);
  put(text_);
  EXPECT_TRUE(object_ == text_);
  EXPECT_EQ(count("POST", "?uploads"), 2U);
  EXPECT_EQ(count("PUT", "partNumber=1"), 1U);
}

struct Elsewhere {
  const char* name;
  ServerReply reply;
};
class S3Region : public S3CorrectionTest, public testing::WithParamInterface<Elsewhere> {};

TEST_P(S3Region, IsCorrectedOnce) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.header("authorization").find("/eu-west-1/s3/") != std::string::npos)
      return std::nullopt;
    return GetParam().reply;
  };
  const auto store = this->store();
  const auto sink = store->put(kKey);
  sink->write("text");
  EXPECT_THAT(tests::stderr_of([&] { sink->finish(); }), HasSubstr("eu-west-1"));
  EXPECT_EQ(object_, "text");
  EXPECT_EQ(store->region(), "eu-west-1");
  EXPECT_EQ(count("PUT", ""), 2U);
}

TEST_P(S3Region, IsNotChasedForEver) {
  fault_ = [](const ServerRequest&) -> std::optional<ServerReply> { return GetParam().reply; };
  EXPECT_THAT([this] { put("text"); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_EQ(server_.requests().size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, S3Region,
    testing::Values(
        Elsewhere{"malformed",
                  {400, error_xml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")}},
        Elsewhere{"moved",
                  {301, error_xml("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}}}},
        Elsewhere{"temporary",
                  {307,
                   error_xml("TemporaryRedirect"),
                   {{"x-amz-bucket-region", "eu-west-1"}, {"Location", "/x"}}}}),
    [](const auto& info) { return info.param.name; });

TEST_F(S3CorrectionTest, GoesByTheServersClockWhenOursIsWrong) {
  const Time theirs = (now() / 3'600 + 3) * 3'600 + 1'800;  // the middle of an hour
  fault_ = [=](const ServerRequest& request) -> std::optional<ServerReply> {
    std::string date = rfc3339(theirs).substr(0, 13);
    std::erase_if(date, [](char c) { return c == '-'; });
    if (request.header("x-amz-date").starts_with(date)) return std::nullopt;
    return ServerReply{403, error_xml("RequestTimeTooSkewed"), {{"Date", date_header(theirs)}}};
  };
  put("text");
  EXPECT_EQ(object_, "text");
  EXPECT_EQ(count("PUT", ""), 2U);
}

TEST_F(S3CorrectionTest, SaysThatTheClockIsWrongWhenThatDoesNotHelp) {
  fault_ = [](const ServerRequest&) -> std::optional<ServerReply> {
    return ServerReply{
        403, error_xml("RequestTimeTooSkewed"), {{"Date", date_header(now() + 7'200)}}};
  };
  EXPECT_THAT([this] { put("text"); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("clock")));
  EXPECT_LE(server_.requests().size(), 3U);
}

TEST_F(S3CorrectionTest, GivesUpAServerWhoseClockIsAnotherEachTime) {
  fault_ = [hour = 0](const ServerRequest&) mutable -> std::optional<ServerReply> {
    return ServerReply{403,
                       error_xml("RequestTimeTooSkewed"),
                       {{"Date", date_header(now() + 3'600 * (++hour % 5 + 1))}}};
  };
  EXPECT_THAT([this] { put("text"); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("clock")));
  EXPECT_LE(server_.requests().size(), 8U);
}

/// A response to a HEAD has no body. Servers that tell the reason there only (as Swift does) are
/// asked with another request.
class S3SilentHead : public S3CorrectionTest {
 protected:
  void refuse_until(const char* header, const char* word, int status, const std::string& why) {
    fault_ = [=](const ServerRequest& request) -> std::optional<ServerReply> {
      if (request.header(header).find(word) != std::string::npos) return std::nullopt;
      return ServerReply{status, request.method == "HEAD" ? "" : why};
    };
  }
};

TEST_F(S3SilentHead, LearnsTheRegion) {
  refuse_until("authorization", "/eu-west-1/", 400,
               error_xml("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  EXPECT_EQ(store()->find(kKey), std::nullopt);
}

TEST_F(S3SilentHead, LearnsThatItsTokenHasExpired) {
  refuse_until("x-amz-security-token", "new", 400, error_xml("ExpiredToken"));
  S3Credentials credentials{"KEY", kSecret, "old"};
  credentials.renew = [] { return S3Credentials{"KEY", kSecret, "new"}; };
  EXPECT_EQ(make_s3_store(target(), credentials)->find(kKey), std::nullopt);
}

TEST_F(S3SilentHead, SaysTheReason) {
  refuse_until("x-never", "sent", 400, error_xml("InvalidToken"));
  EXPECT_THAT([this] { store()->find(kKey); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("InvalidToken")));
  refuse_until("x-never", "sent", 301,
               error_xml("PermanentRedirect", "<Endpoint>s3.example.com</Endpoint>"));
  EXPECT_THAT([this] { store()->find(kKey); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("at https://s3.example.com:")));
  refuse_until("x-never", "sent", 404, "");
  EXPECT_EQ(store()->find(kKey), std::nullopt);
}

/// Answers that arrive while other parts are on their way, which were sent on the same terms.
class S3PartsUnderWay : public S3CorrectionTest {
 protected:
  void put_all_parts_at_once() {
    S3Target target = this->target();
    target.parts_in_flight = 3;
    put(text_, *make_s3_store(target, {"KEY", kSecret, ""}));
    EXPECT_TRUE(object_ == text_);
  }

  static ServerReply slowly(int status, const std::string& code,
                            const std::map<std::string, std::string>& headers = {}) {
    const std::string body = error_xml(code, std::string(300, ' '));
    return {.status = status, .body = body, .headers = headers, .bytes_per_second = 1'000};
  }
};

TEST_F(S3PartsUnderWay, AreSentAgainWithoutChecksums) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.header("x-amz-checksum-sha256").empty()) return std::nullopt;
    return slowly(501, "NotImplemented");
  };
  put_all_parts_at_once();
}

TEST_F(S3PartsUnderWay, AreSentAgainByTheServersClock) {
  const Time theirs = (now() / 3'600 + 3) * 3'600 + 1'800;  // the middle of an hour
  fault_ = [=](const ServerRequest& request) -> std::optional<ServerReply> {
    std::string date = rfc3339(theirs).substr(0, 13);
    std::erase_if(date, [](char c) { return c == '-'; });
    const bool is_part = request.target.find("partNumber") != std::string::npos;
    if (!is_part || request.header("x-amz-date").starts_with(date)) return std::nullopt;
    return slowly(403, "RequestTimeTooSkewed", {{"Date", date_header(theirs)}});
  };
  put_all_parts_at_once();
}

TEST_F(S3PartsUnderWay, AreSentAgainToTheRightRegion) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    const bool is_part = request.target.find("partNumber") != std::string::npos;
    if (!is_part || request.header("authorization").find("/eu-west-1/") != std::string::npos)
      return std::nullopt;
    return slowly(400, "AuthorizationHeaderMalformed", {{"x-amz-bucket-region", "eu-west-1"}});
  };
  put_all_parts_at_once();
}

}  // namespace
}  // namespace backups
