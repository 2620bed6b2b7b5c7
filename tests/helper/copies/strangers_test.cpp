#include "copies/strangers.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "host/state.hpp"
#include "support/bucket_server.hpp"
#include "support/capture.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::Lab;
using tests::ServerReply;
using tests::ServerRequest;

class StrangersTest : public testing::Test {
 protected:
  StrangersTest() {
    bucket_.add_to(state_, "far");
    made_ = tests::create(state_);
    name_ = made_.host;
    state_.events.subscribe([this](const HostEvent& event) {
      if (const auto* problem = std::get_if<Problem>(&event)) problems_.push_back(problem->alert);
    });
  }
  /// Of another machine with the name of this one.
  Manifest strangers(const std::string& id = "one-2020-01-01-00-00-00") const {
    Manifest manifest = made_;
    manifest.id = id;
    manifest.writer = "0123456789abcdef";
    for (auto& artifact : manifest.artifacts) artifact.file.replace(0, made_.id.size(), id);
    return manifest;
  }
  void put(const std::string& file, const std::string& text) {
    bucket_.objects[name_ + "/fake/one/" + file] = text;
  }
  void put(const Manifest& manifest) {
    put(manifest.id + ".json", manifest_to_json(manifest).dump() + "\n");
  }
  bool is_strangers(const Manifest& manifest) {
    return backups::is_strangers(state_.identity, manifest, "far");
  }
  void notice(const Places& places) {
    notice_strangers(state_.identity, state_.targets, state_.catalog, Lab::source(), places);
  }
  void notice() { notice({{"far", name_}}); }
  bool is_in_doubt() { return state_.identity.read().is_doubtful(name_); }

  Lab lab_;
  State state_ = lab_.open();
  tests::BucketServer bucket_;
  Manifest made_;
  std::string name_;
  std::vector<Alert> problems_;
};

TEST_F(StrangersTest, WroteNothingThatHasAWriterOfThisHost) {
  EXPECT_FALSE(is_strangers(made_));
  state_.settings.change([](Settings& settings) { settings.host.boot = "another"; });
  EXPECT_FALSE(is_strangers(made_)) << "of an earlier boot";
  Manifest old = made_;
  old.writer.clear();
  EXPECT_FALSE(is_strangers(old)) << "of a version that wrote none";
  EXPECT_FALSE(is_in_doubt());
}

TEST_F(StrangersTest, BelowTheNameOfAnotherHostPutNothingInDoubt) {
  Manifest other = strangers();
  other.host = "elsewhere-0a0b0c0d";
  EXPECT_FALSE(is_strangers(other));
  EXPECT_FALSE(is_in_doubt());
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(StrangersTest, BelowANameOfThisHostPutItInDoubtOnce) {
  EXPECT_TRUE(is_strangers(strangers()));
  EXPECT_TRUE(is_in_doubt());
  const HostIdentity once = state_.identity.read();
  EXPECT_TRUE(is_strangers(strangers()));
  EXPECT_TRUE(is_strangers(strangers("one-2020-01-02-00-00-00")));
  EXPECT_EQ(state_.identity.read(), once);
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_EQ(problems_[0].kind, AlertKind::kIdentity);
  EXPECT_THAT(problems_[0].message, HasSubstr("one-2020-01-01-00-00-00 on far is stored below " +
                                              name_ + ", but was not written by this machine"));
}

TEST_F(StrangersTest, StayStrangersAfterADecisionButAreNoNewDoubt) {
  is_strangers(strangers());
  state_.identity.keep();
  EXPECT_TRUE(is_strangers(strangers()));
  EXPECT_FALSE(is_in_doubt());
  EXPECT_THAT(problems_, SizeIs(1));
  Manifest another = strangers();
  another.writer = "fedcba9876543210";
  EXPECT_TRUE(is_strangers(another));
  EXPECT_TRUE(is_in_doubt()) << "it has written since";
}

TEST_F(StrangersTest, BelowANameThatWasGivenUpAreAnotherHosts) {
  is_strangers(strangers());
  state_.identity.renew();
  EXPECT_FALSE(is_strangers(strangers()));
  EXPECT_THAT(problems_, SizeIs(1));
}

TEST_F(StrangersTest, AreNoticedByAManifestThatTheCatalogDoesNotKnow) {
  put(strangers());
  notice();
  EXPECT_TRUE(is_in_doubt());
  EXPECT_THAT(problems_, SizeIs(1));
}

TEST_F(StrangersTest, WhatTheCatalogKnowsIsNotRead) {
  put(made_);
  int read = 0;
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    read += request.method == "GET" && request.target.find(".json") != std::string::npos;
    return std::nullopt;
  };
  notice();
  EXPECT_EQ(read, 0);
  EXPECT_FALSE(is_in_doubt());
  put(strangers());
  notice();
  EXPECT_EQ(read, 1);
}

TEST_F(StrangersTest, AreNoticedBehindWhatIsNoManifest) {
  put("notes.json", "{}");
  put("one-2018-01-01-00-00-00.dump", "x");
  put("one-2018-01-01-00-00-00.json", "{ half");
  put("one-2019-01-01-00-00-00.json", manifest_to_json(made_).dump());  // of another backup
  notice();
  EXPECT_FALSE(is_in_doubt());
  put(strangers());
  notice();
  EXPECT_TRUE(is_in_doubt());
}

TEST_F(StrangersTest, AreNoticedBehindThoseThatAPersonDecidedOn) {
  put(strangers());
  notice();
  state_.identity.keep();
  Manifest later = strangers("one-2020-01-02-00-00-00");
  later.writer = "fedcba9876543210";
  put(later);
  notice();
  EXPECT_TRUE(is_in_doubt());
}

TEST_F(StrangersTest, AreAnErrorWhereTheDoubtCannotBeRecorded) {
  put(strangers());
  fs::create_directory(lab_.root() / ".settings.json.part");
  EXPECT_THROW(notice(), Error) << "or else their copies would be removed";
  fs::remove(lab_.root() / ".settings.json.part");
  notice();
  EXPECT_TRUE(is_in_doubt());
}

TEST_F(StrangersTest, OfAnotherSourceAreNotLookedFor) {
  bucket_.objects[name_ + "/fake/two/" + strangers().id + ".json"] =
      manifest_to_json(strangers()).dump();
  notice();
  EXPECT_FALSE(is_in_doubt());
}

/// Whoever removes something there reports it.
TEST_F(StrangersTest, AreLookedForElsewhereThoughOnePlaceDoesNotAnswer) {
  put(strangers());
  EXPECT_NO_THROW(notice({{"away", name_}, {"far", name_}}));
  EXPECT_TRUE(is_in_doubt());
}

TEST_F(StrangersTest, AreNotNoticedOnAServerThatDoesNotAnswer) {
  put(strangers());
  bucket_.fault = [](const ServerRequest&) { return ServerReply{.drop = true}; };
  EXPECT_THAT(tests::stderr_of([this] { notice(); }), IsEmpty());
  EXPECT_FALSE(is_in_doubt());
}

}  // namespace
}  // namespace backups
