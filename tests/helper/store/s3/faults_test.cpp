// Faults that a real server does not show on request. The answers are those that providers
// document.
#include <gmock/gmock.h>

#include "base/text.hpp"
#include "store/s3/parts.hpp"
#include "store/s3/store.hpp"
#include "stream/digest.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"
#include "support/stub_bucket.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::Collector;
using tests::error_xml;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

class S3FaultTest : public tests::StubBucket {};

struct Trouble {
  const char* name;
  ServerReply reply;
};
class S3Trouble : public S3FaultTest, public testing::WithParamInterface<Trouble> {};

TEST_P(S3Trouble, PassesAtEveryRequestOfAnUpload) {
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"POST", "?uploads"},
                                                        {"PUT", "partNumber=1"},
                                                        {"PUT", "partNumber=3"},
                                                        {"POST", "?uploadId"},
                                                        {"HEAD", ""}}) {
    object_.reset();
    fail_first(2, method, target, GetParam().reply);
    if (method == "HEAD" && GetParam().reply.status == 400) continue;  // it cannot say why
    put(text_);
    EXPECT_TRUE(object_ == text_) << method << target;
    EXPECT_EQ(open_uploads_, 0);
  }
}

TEST_P(S3Trouble, LeavesNothingWhenItStays) {
  for (const auto& [method, target] : std::vector<std::pair<std::string, std::string>>{
           {"POST", "?uploads"}, {"PUT", "partNumber=2"}, {"POST", "?uploadId"}}) {
    fail_first(1'000, method, target, GetParam().reply);
    EXPECT_THAT([&] { put(text_); }, testing::Throws<Error>()) << method << target;
    EXPECT_EQ(object_, std::nullopt);
    EXPECT_EQ(open_uploads_, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, S3Trouble,
                         testing::Values(Trouble{"drop", {.drop = true}},
                                         Trouble{"slow_down", {503, error_xml("SlowDown")}},
                                         Trouble{"internal", {500, error_xml("InternalError")}},
                                         Trouble{"gateway", {502, "<html>bad gateway"}},
                                         Trouble{"too_many", {429, "", {{"Retry-After", "0"}}}},
                                         Trouble{"timeout", {400, error_xml("RequestTimeout")}},
                                         Trouble{"cut", {500, std::string(1'000, 'x'), {}, 10}},
                                         Trouble{"mismatch",
                                                 {400, error_xml("XAmzContentSHA256Mismatch")}}),
                         [](const auto& info) { return info.param.name; });

TEST_F(S3FaultTest, SeesAnErrorInsideA200) {
  fail_first(2, "POST", "?uploadId", {200, "\n\n  \n" + error_xml("InternalError")});
  put(text_);
  EXPECT_TRUE(object_ == text_);
  EXPECT_EQ(count("POST", "?uploadId"), 3U);
}

TEST_F(S3FaultTest, DoesNotTakeAHalfDocumentForAnAnswer) {
  fail_first(1, "POST", "?uploadId", {200, "<CompleteMultipartUploadResult><ETag>"});
  put(text_);
  EXPECT_EQ(count("POST", "?uploadId"), 2U);
  fail_first(1, "GET", "list-type", {200, "<ListBucketResult><Contents><Key>a"});
  store()->list("fake");
  EXPECT_EQ(count("GET", "list-type"), 2U);
}

TEST_F(S3FaultTest, KnowsItsOwnWorkWhenTheAnswerOfACompletionGotLost) {
  auto lost = std::make_shared<bool>(false);
  fault_ = [=, this](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "POST" || request.target.find("uploadId") == std::string::npos)
      return std::nullopt;
    if (*lost) return ServerReply{404, error_xml("NoSuchUpload")};
    *lost = true;
    serve(request);
    return ServerReply{.drop = true};
  };
  put(text_);
  EXPECT_TRUE(object_ == text_);
}

TEST_F(S3FaultTest, KnowsItsOwnWorkWhenTheAnswerOfAConditionalPutGotLost) {
  auto lost = std::make_shared<bool>(false);
  fault_ = [=, this](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "PUT") return std::nullopt;
    EXPECT_EQ(request.header("if-none-match"), "*");
    if (*lost) return ServerReply{412, error_xml("PreconditionFailed")};
    *lost = true;
    serve(request);
    return ServerReply{.drop = true};
  };
  const auto store = this->store();
  const auto sink = store->put_new(kKey);
  sink->write("manifest");
  sink->finish();
  EXPECT_EQ(object_, "manifest");
}

TEST_F(S3FaultTest, WritesWithoutAConditionWhereThereAreNone) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.header("if-none-match").empty()) return std::nullopt;
    return ServerReply{501, error_xml("NotImplemented")};
  };
  for (const std::string& text : {std::string("manifest"), text_}) {
    object_.reset();
    const auto store = this->store();
    const auto sink = store->put_new(kKey);
    sink->write(text);
    sink->finish();
    EXPECT_TRUE(object_ == text);
  }
  EXPECT_THAT(server_.requests().back().headers, Not(IsEmpty()));
}

TEST_F(S3FaultTest, SendsAChecksumOfEveryPart) {
  takes_checksums_ = true;
  put(text_);
  const std::string checksums = [this] {
    std::string all;
    for (const auto& request : server_.requests())
      if (request.method == "POST" && request.target.find("uploadId") != std::string::npos)
        all = request.body;
    return all;
  }();
  for (const auto& request : server_.requests()) {
    EXPECT_EQ(request.header("x-amz-content-sha256"), sha256(request.body));
    if (request.target.find("partNumber") == std::string::npos) continue;
    EXPECT_THAT(checksums, HasSubstr(request.header("x-amz-checksum-sha256")));
    EXPECT_THAT(request.header("x-amz-checksum-sha256"), SizeIs(44));
  }
}

TEST_F(S3FaultTest, HonoursRetryAfter) {
  fail_first(1, "PUT", "", {503, error_xml("SlowDown"), {{"Retry-After", "1"}}});
  const auto before = std::chrono::steady_clock::now();
  put("text");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1'000));
}

TEST_F(S3FaultTest, ReadsOnWhereAConnectionBroke) {
  object_ = tests::noise(3'000'000);
  int broken = 0;
  fault_ = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (++broken > 3) return std::nullopt;
    ServerReply reply = read(request);
    reply.cut = 700'000;
    return reply;
  };
  EXPECT_TRUE(get() == *object_);
  const auto requests = server_.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_EQ(requests[1].header("range"), "bytes=700000-");
  EXPECT_EQ(requests[1].header("if-match"), "\"e\"");
}

TEST_F(S3FaultTest, ReadsOnWhereTheServerKnowsNoRanges) {
  object_ = tests::noise(3'000'000);
  int broken = 0;
  fault_ = [&](const ServerRequest&) -> std::optional<ServerReply> {
    ServerReply reply{200, *object_, {{"ETag", "\"e\""}}};
    if (++broken < 3) reply.cut = 700'000;
    return reply;
  };
  EXPECT_TRUE(get() == *object_);
}

TEST_F(S3FaultTest, DoesNotMixTwoVersionsOfAnObject) {
  object_ = tests::noise(3'000'000);
  for (const int status : {200, 206, 412}) {
    int number = 0;
    fault_ = [&](const ServerRequest& request) -> std::optional<ServerReply> {
      ServerReply reply = read(request);
      if (++number == 1) {
        reply.cut = 1'000;
      } else if (status == 412) {
        reply = {412, error_xml("PreconditionFailed")};
      } else {
        reply.headers["ETag"] = "\"another\"";
        if (status == 200) reply = {200, *object_, {{"ETag", "\"another\""}}};
      }
      return reply;
    };
    EXPECT_THAT([this] { get(); }, ThrowsError(ErrorKind::kDamaged)) << status;
  }
}

TEST_F(S3FaultTest, GivesUpOnAnObjectThatAlwaysBreaks) {
  object_ = tests::noise(3'000'000);
  fault_ = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    ServerReply reply = read(request);
    reply.cut = 1'000;
    return reply;
  };
  EXPECT_THAT([this] { get(); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_EQ(server_.requests().size(), 4U);
}

TEST_F(S3FaultTest, RefusesAnObjectOfAnotherLength) {
  fail_first(1, "HEAD", "", {200, "short"});
  EXPECT_THAT([this] { put(text_); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_F(S3FaultTest, SaysWhatTheServerSaidWithoutItsSecrets) {
  fault_ = [](const ServerRequest&) -> std::optional<ServerReply> {
    return ServerReply{403, "<Error><Code>AccessDenied</Code><Message>no " + std::string(kSecret) +
                                "\x1b[31m no</Message></Error>"};
  };
  EXPECT_THAT([this] { put("text"); },
              ThrowsError(ErrorKind::kUnreachable,
                          AllOf(HasSubstr("AccessDenied"), HasSubstr("fake/one/x.dump"),
                                HasSubstr("lack this permission"), Not(HasSubstr(kSecret)),
                                Not(HasSubstr("\x1b")))));
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(S3FaultTest, CallsBytesThatAlwaysChangeDamage) {
  fail_first(1'000, "PUT", "", {400, error_xml("XAmzContentSHA256Mismatch")});
  EXPECT_THAT([this] { put("text"); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("network")));
  EXPECT_EQ(count("PUT", ""), 4U);
}

TEST_F(S3FaultTest, HasOneChanceWhereThatIsAskedFor) {
  fault_ = [](const ServerRequest&) { return ServerReply{.drop = true}; };
  S3Target target = this->target(1);
  target.fail_fast = true;
  const auto store = make_s3_store(target, {"KEY", kSecret, ""});
  Collector out;
  EXPECT_THAT([&] { store->get(kKey, out); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_THAT([&] { store->get(kKey, out); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("cannot read")));
  EXPECT_THAT([&] { store->remove(kKey); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(S3FaultTest, EndsACallThatStalls) {
  object_ = std::string(100'000, 'x');
  fault_ = [&](const ServerRequest&) -> std::optional<ServerReply> {
    // Promises more than it sends, and keeps the connection open.
    return ServerReply{200, *object_, {{"ETag", "\"e\""}, {"Content-Length", "200000"}}};
  };
  S3Target impatient = target(1);
  impatient.stall_timeout = 1;
  const auto store = make_s3_store(impatient, {"KEY", kSecret, ""});
  Collector out;
  EXPECT_THAT([&] { store->get(kKey, out); }, ThrowsError(ErrorKind::kUnreachable));
}

TEST_F(S3FaultTest, AProbeGivesUpAServerThatStopsAnswering) {
  fault_ = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.target.find("list-type") == std::string::npos) return std::nullopt;
    return ServerReply{200, "<ListBucketResult>", {{"Content-Length", "200000"}}};
  };
  S3Target impatient = target();
  impatient.stall_timeout = 1;
  const auto checks = make_s3_store(impatient, {"KEY", kSecret, ""})->probe();
  using Outcome = Prober::Check::Outcome;
  for (const auto& check : checks) {
    if (check.name == "write" || check.name == "read") {
      EXPECT_EQ(check.outcome, Outcome::kWorks) << check.message;
    } else if (check.name == "list") {
      EXPECT_EQ(check.outcome, Outcome::kFails);
    } else {
      EXPECT_EQ(check.outcome, Outcome::kSkipped) << check.name;
    }
  }
  EXPECT_EQ(count("GET", "list-type"), 1U);
  EXPECT_THAT(server_.requests().back().target, HasSubstr("list-type"));
  EXPECT_THAT(checks.back().message, HasSubstr("may still exist"));
}

TEST_F(S3FaultTest, EndsAnAnswerThatDripsForEver) {
  fault_ = [](const ServerRequest&) -> std::optional<ServerReply> {
    return ServerReply{.body = std::string(1'000'000, ' '), .bytes_per_second = 4'000};
  };
  S3Target impatient = target(1);
  impatient.stall_timeout = 1;
  impatient.attempts = 1;
  const auto store = make_s3_store(impatient, {"KEY", kSecret, ""});
  EXPECT_THAT([&] { store->list("fake"); }, ThrowsError(ErrorKind::kUnreachable));
}

}  // namespace
}  // namespace backups
