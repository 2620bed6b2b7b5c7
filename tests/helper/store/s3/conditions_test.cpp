// Writes of objects that must not exist yet, and the ways in which servers refuse the condition.
#include <gmock/gmock.h>

#include "store/s3/store.hpp"
#include "support/errors.hpp"
#include "support/stub_bucket.hpp"

namespace backups {
namespace {

using tests::error_xml;
using tests::ServerReply;
using tests::ServerRequest;

class S3ConditionTest : public tests::StubBucket {
 protected:
  void put_new(const std::string& text) {
    const auto store = this->store();
    const auto sink = store->put_new(kKey);
    sink->write(text);
    sink->finish();
  }

  /// Answers every request with a condition.
  void refuse_with(const ServerReply& reply) {
    fault_ = [=](const ServerRequest& request) -> std::optional<ServerReply> {
      if (request.header("if-none-match").empty()) return std::nullopt;
      return reply;
    };
  }

  void expect_writes_without_it() {
    for (const std::string& text : {std::string("manifest"), text_}) {
      object_.reset();
      put_new(text);
      EXPECT_TRUE(object_ == text);
      EXPECT_THAT([&] { put_new("another"); }, testing::Throws<KeyTaken>()) << "it looks instead";
      EXPECT_TRUE(object_ == text);
    }
  }
};

class S3RefusedCondition : public S3ConditionTest,
                           public testing::WithParamInterface<std::pair<int, const char*>> {};

TEST_P(S3RefusedCondition, IsLeftOut) {
  refuse_with({GetParam().first, error_xml(GetParam().second)});
  expect_writes_without_it();
}

INSTANTIATE_TEST_SUITE_P(
    Answers, S3RefusedCondition,
    testing::Values(std::pair(501, "NotImplemented"), std::pair(400, "InvalidArgument"),
                    std::pair(400, "UnsupportedHeader"), std::pair(400, "MalformedHeaderValue"),
                    std::pair(405, "MethodNotAllowed"), std::pair(409, "FileAlreadyExists"),
                    std::pair(409, "ConditionalRequestConflict"), std::pair(304, "")),
    [](const auto& info) { return std::to_string(info.param.first) + info.param.second; });

TEST_F(S3ConditionTest, TakesADeleteMarkerForNoObject) {
  refuse_with({412, error_xml("PreconditionFailed")});
  expect_writes_without_it();
}

TEST_F(S3ConditionTest, BelievesARefusalUntilTheObjectIsSurelyAbsent) {
  int looks = 0;
  fault_ = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (!request.header("if-none-match").empty())
      return ServerReply{412, error_xml("PreconditionFailed")};
    if (request.method == "HEAD" && ++looks <= 2) return ServerReply{404};  // not visible yet
    return std::nullopt;
  };
  object_ = "another";
  EXPECT_THAT([&] { put_new("x"); }, testing::Throws<KeyTaken>());
  EXPECT_EQ(object_, "another");
}

TEST_F(S3ConditionTest, TakesARefusedCreateForOneWithoutTheRightToLook) {
  fault_ = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method == "HEAD" || request.method == "GET")
      return ServerReply{403, request.method == "GET" ? error_xml("AccessDenied") : ""};
    if (!request.header("if-none-match").empty())
      return ServerReply{412, error_xml("PreconditionFailed")};
    return std::nullopt;
  };
  EXPECT_THAT([&] { put_new("x"); }, testing::Throws<KeyTaken>());
  EXPECT_THAT([&] { put_new(text_); }, testing::Throws<KeyTaken>());
  for (const auto& check : store()->probe())
    if (check.name == "create-only") EXPECT_EQ(check.outcome, Prober::Check::Outcome::kWorks);
}

}  // namespace
}  // namespace backups
