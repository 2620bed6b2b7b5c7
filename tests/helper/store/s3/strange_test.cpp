// Servers that do not speak S3, support only parts of it, or are hostile.
#include <gmock/gmock.h>

#include "base/text.hpp"
#include "store/limits.hpp"
#include "store/s3/list.hpp"
#include "store/s3/store.hpp"
#include "store/s3/upload.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/sinks.hpp"
#include "support/stub_bucket.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::Collector;
using tests::error_xml;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

bool has(const ServerRequest& request, const char* word) {
  return request.target.find(word) != std::string::npos;
}

class S3StrangeTest : public tests::StubBucket {
 protected:
  /// The body of the last request that matches.
  std::string last_body(const std::string& method, const char* in_target) const {
    std::string body;
    for (const auto& request : server_.requests())
      if (request.method == method && has(request, in_target)) body = request.body;
    return body;
  }

  std::string list_error(const std::function<void(S3Store&)>& use) {
    try {
      use(*store());
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

// Web pages: the console of a provider, or the login page of a network.

class S3WebPage : public S3StrangeTest, public testing::WithParamInterface<ServerReply> {};

TEST_P(S3WebPage, IsNoSuccessOfAnything) {
  fault_ = [](const ServerRequest&) { return GetParam(); };
  for (const std::string& text : {std::string("text"), text_})
    EXPECT_THAT([&] { put(text); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("endpoint")));
  const auto store = this->store(1);
  Collector out;
  EXPECT_THAT([&] { store->get(kKey, out); }, ThrowsError(ErrorKind::kUnreachable))
      << "no copy is damaged because of that";
  EXPECT_THAT([&] { store->list("fake"); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_THAT([&] { store->remove(kKey); }, ThrowsError(ErrorKind::kUnreachable));
  for (const auto& check : store->probe())
    EXPECT_NE(check.outcome, check.name == "clock" ? Prober::Check::Outcome::kFails
                                                   : Prober::Check::Outcome::kWorks)
        << check.name;
}

INSTANTIATE_TEST_SUITE_P(
    Answers, S3WebPage,
    testing::Values(
        ServerReply{200, "<!DOCTYPE html><html></html>", {{"Content-Type", "text/html"}}},
        ServerReply{200, "\n <HTML><p>Log in", {}},
        ServerReply{203, "<p>Welcome", {{"Content-Type", "text/html; charset=utf-8"}}}));

TEST_F(S3StrangeTest, PutWithoutAnETagIsNoSuccess) {
  fail_first(1, "PUT", "", {200});
  EXPECT_THAT([&] { put("text"); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("ETag")));
}

TEST_F(S3StrangeTest, ACompletionWithoutAnAnswerIsNoSuccess) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method == "HEAD") return ServerReply{403};  // so that nobody can look
    if (request.method == "POST" && has(request, "uploadId")) return ServerReply{204};
    return std::nullopt;
  };
  EXPECT_THAT([&] { put(text_); }, ThrowsError(ErrorKind::kUnreachable));
}

TEST_F(S3StrangeTest, CallsAnObjectWithoutAnETagNoWebPage) {
  const auto read = [&](const char* type) {
    fail_first(1, "GET", "", {200, "text", {{"Content-Type", type}}});
    return list_error([](S3Store& store) {
      Collector out;
      store.get(kKey, out);
    });
  };
  EXPECT_THAT(read("text/plain"), AllOf(HasSubstr("ETag"), Not(HasSubstr("web page"))));
  EXPECT_THAT(read("text/html"), HasSubstr("web page"));
}

TEST_F(S3StrangeTest, WhatWasPutMustBeThere) {
  for (const std::string& text : {std::string("text"), text_}) {
    fail_first(1'000, "HEAD", "", {404});
    EXPECT_THAT([&] { put(text); }, ThrowsError(ErrorKind::kUnreachable, HasSubstr("not there")));
    fail_first(1'000, "HEAD", "", {200, "other", {{"ETag", "\"e\""}}});
    EXPECT_THAT([&] { put(text); }, ThrowsError(ErrorKind::kDamaged));
    fail_first(1'000, "HEAD", "",
               {200, text, {{"ETag", "\"e\""}, {"x-amz-meta-backups-upload", "another"}}});
    EXPECT_THAT([&] { put(text); }, ThrowsError(ErrorKind::kRefused));
    // A server may need a moment, and the key may not have the right to look.
    fail_first(1, "HEAD", "", {404});
    put(text);
    fail_first(1'000, "HEAD", "", {403});
    put(text);
  }
}

// The documented minimum of CompleteMultipartUpload.

TEST_F(S3StrangeTest, CompletesWithNumberAndETagAloneWhereChecksumsWereNotTaken) {
  put(text_);
  EXPECT_THAT(
      last_body("POST", "uploadId"),
      AllOf(HasSubstr("<Part><PartNumber>1</PartNumber><ETag>"), Not(HasSubstr("hecksum"))));
  takes_checksums_ = true;
  put(text_);
  EXPECT_THAT(last_body("POST", "uploadId"), HasSubstr("<ChecksumSHA256>"));
}

TEST_F(S3StrangeTest, CompletesWithChecksumsWhereTheServerAsksForThem) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "POST" || !has(request, "uploadId") ||
        request.body.find("ChecksumSHA256") != std::string::npos)
      return std::nullopt;
    return ServerReply{400,
                       "<Error><Code>InvalidRequest</Code><Message>The upload was created using a "
                       "sha256 checksum. The complete request must include the checksum for each "
                       "part.</Message></Error>"};
  };
  put(text_);
  EXPECT_TRUE(object_ == text_);
}

// Elsewhere.

TEST_F(S3StrangeTest, NamesTheEndpointThatAnAnswerNames) {
  const auto answer = [&](ServerReply reply) {
    fault_ = [=](const ServerRequest&) { return reply; };
    return list_error([](S3Store& store) { store.list("fake"); });
  };
  for (const std::string bucket : {"", "bucket."})  // is added again to what is set
    EXPECT_THAT(answer({301, error_xml("PermanentRedirect",
                                       "<Endpoint>" + bucket + "s3.example.com</Endpoint>")}),
                HasSubstr("at https://s3.example.com:"));
  EXPECT_THAT(answer({307, "", {{"Location", "https://bucket.eu.example.com/x"}}}),
              HasSubstr("at https://eu.example.com:"));
  EXPECT_THAT(answer({307, "", {{"Location", "http://other.example.net:9000/bucket?x"}}}),
              HasSubstr("http://other.example.net:9000:"));
  EXPECT_THAT(answer({301, error_xml("PermanentRedirect", "<Endpoint>\x1b[1m/../</Endpoint>")}),
              AllOf(Not(HasSubstr("\x1b")), HasSubstr("correct the endpoint")));
}

TEST_F(S3StrangeTest, AsksBelowThePathOfTheEndpoint) {
  S3Target target = this->target();
  target.endpoint += "/storage/v1/s3/";
  const auto store = make_s3_store(target, {"tenant:user", kSecret, ""});
  put("text", *store);
  EXPECT_EQ(server_.requests()[0].target, "/storage/v1/s3/bucket/" + std::string(kKey));
  EXPECT_THAT(server_.requests()[0].header("authorization"), HasSubstr("Credential=tenant:user/"));
  EXPECT_THAT(store->presign(kKey, 60).url, HasSubstr("/storage/v1/s3/bucket/fake/one/x.dump?"));
}

// Without the list of unfinished uploads.

TEST_F(S3StrangeTest, TidiesUpWhereUploadsCannotBeListed) {
  for (const int status : {403, 501, 405}) {
    fail_first(1'000, "GET", "uploads", {status, error_xml("NotImplemented")});
    store()->abandon(kKey);
    EXPECT_EQ(store()->end_uploads([](const std::string&) { return true; }), 0U);
  }
}

TEST_F(S3StrangeTest, TouchesNothingThatIsNotBelowWhatItAskedFor) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (has(request, "uploads"))
      return ServerReply{200,
                         "<ListMultipartUploadsResult><Upload><Key>other/x.</Key>"
                         "<UploadId>1</UploadId></Upload></ListMultipartUploadsResult>"};
    if (has(request, "list-type"))
      return ServerReply{200,
                         "<ListBucketResult><Contents><Key>other/one/x.dump</Key><Size>1</Size>"
                         "</Contents><Contents><Key>f</Key><Size>1</Size></Contents>"
                         "</ListBucketResult>"};
    return std::nullopt;
  };
  S3Target target = this->target();
  target.prefix = "ours";
  const auto store = make_s3_store(target, {"KEY", kSecret, ""});
  EXPECT_THAT(store->list("fake"), IsEmpty());
  EXPECT_EQ(store->end_uploads([](const std::string&) { return true; }), 0U);
  EXPECT_EQ(count("DELETE", ""), 0U);
}

TEST_F(S3StrangeTest, EndsNoUploadThatAnotherBeganBefore) {
  fault_ = [&, begun = 0](const ServerRequest& request) mutable -> std::optional<ServerReply> {
    if (request.method == "POST" && has(request, "?uploads") && begun++ == 0)
      return ServerReply{.drop = true};
    if (request.method == "GET" && has(request, "uploads"))
      return ServerReply{
          200,
          "<ListMultipartUploadsResult><Upload><Key>fake/one/x.dump</Key>"
          "<UploadId>theirs</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated>"
          "</Upload><Upload><Key>fake/one/x.dump</Key><UploadId>ours</UploadId>"
          "<Initiated>2099-01-01T00:00:00.000Z</Initiated></Upload>"
          "</ListMultipartUploadsResult>"};
    return std::nullopt;
  };
  put(text_);
  EXPECT_EQ(count("DELETE", "uploadId=ours"), 1U);
  EXPECT_EQ(count("DELETE", "uploadId=theirs"), 0U);
}

// Hostile answers.

TEST_F(S3StrangeTest, EndsListsThatGoInCircles) {
  fault_ = [page = 0](const ServerRequest& request) mutable -> std::optional<ServerReply> {
    const std::string next = std::to_string(++page % 3);
    if (has(request, "uploads"))
      return ServerReply{200,
                         "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                         "<NextKeyMarker>" +
                             next + "</NextKeyMarker></ListMultipartUploadsResult>"};
    return ServerReply{
        200, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>" + next +
                 "</NextContinuationToken></ListBucketResult>"};
  };
  EXPECT_THAT(list_error([](S3Store& store) { store.list("fake"); }), HasSubstr("is endless"));
  EXPECT_THAT(list_error([](S3Store& store) {
                store.end_uploads([](const std::string&) { return true; });
              }),
              HasSubstr("is endless"));
  EXPECT_LT(server_.requests().size(), 12U);
}

TEST_F(S3StrangeTest, LetsNoAnswerWriteIntoItsHeaders) {
  for (const char* region :
       {"x\r\nX-Evil: 1", "x\nGET / HTTP/1.1", "a b", "r&#13;&#10;X-Evil: 1", "\xc3\xa9", "a/b"}) {
    fault_ = [&](const ServerRequest&) -> std::optional<ServerReply> {
      return ServerReply{400, error_xml("AuthorizationHeaderMalformed",
                                        "<Region>" + std::string(region) + "</Region>")};
    };
    const std::size_t before = server_.requests().size();
    EXPECT_THAT([&] { put("text"); }, ThrowsError(ErrorKind::kUnreachable)) << region;
    EXPECT_EQ(server_.requests().size(), before + 1) << region;
  }
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "GET" || !request.header("range").empty()) return std::nullopt;
    return ServerReply{200, std::string(2'000, 'x'), {{"ETag", "\"a\rX-Evil: 1\""}}, 1'000};
  };
  object_ = std::string(2'000, 'x');
  Collector out;
  EXPECT_ANY_THROW(store()->get(kKey, out));
  for (const auto& request : server_.requests()) {
    EXPECT_FALSE(request.headers.contains("x-evil"));
    EXPECT_THAT(request.header("if-match"), Not(HasSubstr("Evil")));
  }
}

TEST_F(S3StrangeTest, FailsAtOnceWhereItIsAskedToWaitForADay) {
  fail_first(9, "GET", "list-type", {503, error_xml("SlowDown"), {{"Retry-After", "86400"}}});
  EXPECT_THAT([&] { store()->list("fake"); },
              ThrowsError(ErrorKind::kUnreachable, HasSubstr("a pause of 24 h")));
  EXPECT_EQ(count("GET", "list-type"), 1U);
}

TEST_F(S3StrangeTest, SaysThatItTriesAgain) {
  fail_first(2, "GET", "list-type", {503, error_xml("SlowDown"), {{"Retry-After", "1"}}});
  const std::string said = tests::stderr_of([&] { store()->list("fake"); });
  EXPECT_THAT(said, testing::AllOf(HasSubstr("SlowDown"), HasSubstr("attempt 2 of 4"),
                                   HasSubstr("attempt 3 of 4")));
}

TEST_F(S3StrangeTest, SleepsForMinutesAtMostBecauseItIsAskedTo) {
  EXPECT_LE(kLongestPause, 300);
  EXPECT_LE(kLongestPauses, 3'600);
}

TEST_F(S3StrangeTest, ReadsNoDocumentThatIsNestedWithoutEnd) {
  std::string deep = "<ListBucketResult>";
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  for (int i = 0; i < 100'000; ++i) deep += "</a>";
  EXPECT_EQ(read_objects(deep + "</ListBucketResult>"), std::nullopt);
  EXPECT_FALSE(is_xml(deep + "</ListBucketResult>"));
}

TEST_F(S3StrangeTest, ReadsNoMoreOfATestObjectThanItWrote) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "GET" || has(request, "?")) return std::nullopt;
    return ServerReply{200, std::string(2'000, 'x'), {{"ETag", "\"e\""}}, 1'000};
  };
  for (const auto& check : store()->probe())
    if (check.name == "read") EXPECT_THAT(check.message, HasSubstr("not the same bucket"));
  EXPECT_EQ(count("GET", "bucket/.backups-test"), 1U);
}

TEST_F(S3StrangeTest, KeepsNoEndlessHeaders) {
  fault_ = [](const ServerRequest&) -> std::optional<ServerReply> {
    ServerReply reply{404, error_xml("NoSuchKey")};
    for (int i = 0; i < 300; ++i) reply.headers["x-" + std::to_string(i)] = std::string(1'000, 'x');
    return reply;
  };
  EXPECT_THAT(list_error([](S3Store& store) { store.locked_until(kKey); }), HasSubstr("too long"));
}

// Limits of parts.

class S3PartsTest : public S3StrangeTest {
 protected:
  static constexpr int kGrowsAfter = 2;

  std::string upload(const std::string& text) {
    return tests::stderr_of([&] {
      S3Client client(target(), {"KEY", kSecret, ""});
      S3Stored stored;
      const auto sink = make_s3_upload(client, kKey, false, stored,
                                       PartPlan::growing(kMinPartSize, kGrowsAfter, 2));
      sink->write(text);
      sink->finish();
    });
  }

  /// What the server says to the trial.
  void take_growing(bool value_form) {
    fault_ = [=, this](const ServerRequest& request) -> std::optional<ServerReply> {
      if (!has(request, ".backups-test")) return std::nullopt;
      if (has(request, "partNumber")) {
        trial_ += request.body.size();
        return ServerReply{200, "", {{"ETag", "\"part\""}}};
      }
      if (has(request, "uploadId") && request.method == "POST" && value_form)
        return ServerReply{200, "<CompleteMultipartUploadResult/>"};
      if (has(request, "uploadId") && request.method == "POST")
        return ServerReply{400, error_xml("InvalidPart")};
      if (request.method == "POST")
        return ServerReply{200,
                           "<InitiateMultipartUploadResult><UploadId>t</UploadId>"
                           "</InitiateMultipartUploadResult>"};
      if (request.method == "HEAD")
        return ServerReply{200, std::string(trial_, 'x'), {{"ETag", "\"t\""}}};
      return ServerReply{204};
    };
  }

  std::size_t trial_ = 0;  // bytes
  const std::string long_ = tests::noise(4 * kMinPartSize + 1'000);
};

TEST_F(S3PartsTest, GrowWhereTheServerTakesThat) {
  take_growing(true);
  EXPECT_THAT(upload(long_), Not(HasSubstr("part-size")));
  EXPECT_TRUE(object_ == long_);
  EXPECT_EQ(parts_.size(), 4U);
  EXPECT_EQ(count("DELETE", ".backups-test"), 1U);
}

TEST_F(S3PartsTest, StayEqualWhereTheServerWantsThat) {
  take_growing(false);
  EXPECT_THAT(upload(long_), HasSubstr("part-size"));
  EXPECT_TRUE(object_ == long_);
  EXPECT_EQ(parts_.size(), 5U);
}

TEST_F(S3PartsTest, OfWhatCannotFitAreNotEvenBegun) {
  const auto store = make_s3_store(target(), {"KEY", kSecret, ""});
  EXPECT_THAT([&] { store->put_new(kKey, std::uint64_t{1} << 60); },
              ThrowsError(ErrorKind::kRefused, HasSubstr("10,000 parts")));
  EXPECT_THAT(server_.requests(), IsEmpty());
}

}  // namespace
}  // namespace backups
