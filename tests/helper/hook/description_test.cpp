#include "hook/description.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::Lab;
using tests::ThrowsError;
using State_ = Description::State;

class DescriptionTest : public testing::Test {
 protected:
  Description describe_as(const std::string& json) {
    lab_.describe_as(json);
    const backups::Run run(state_.paths, "test", Lab::source());
    HookLog log{{}};
    return describe(state_.hooks, run, log, Lab::source());
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(DescriptionTest, HasEveryFieldOfTheContract) {
  const Description found = describe_as(R"({"state": "running", "engine": "PostgreSQL",
    "version": "15.18", "image": "postgres:15", "image_id": "sha256:1", "identity": "42",
    "size": 5000000000, "staging": 7, "place": "/var", "contents": ["a: 1 table", "b"],
    "artifacts": [{"name": "globals", "kind": "sql", "opens_with": "psql", "minimum_client": "15",
      "starts_with": "--", "auxiliary": true}, {"name": "my db", "owner": "ann"}]})");
  EXPECT_EQ(found.state, State_::kRunning);
  EXPECT_EQ(found.engine, "PostgreSQL");
  EXPECT_EQ(found.version, "15.18");
  EXPECT_EQ(found.image, "postgres:15");
  EXPECT_EQ(found.image_id, "sha256:1");
  EXPECT_EQ(found.identity, "42");
  EXPECT_EQ(found.size, 5'000'000'000U);
  EXPECT_EQ(found.staging, 7U);
  EXPECT_EQ(found.place, "/var");
  EXPECT_THAT(found.contents, ElementsAre("a: 1 table", "b"));
  ASSERT_THAT(found.artifacts, SizeIs(2));
  EXPECT_EQ(found.artifacts[0].name, "globals");
  EXPECT_EQ(found.artifacts[0].kind, "sql");
  EXPECT_EQ(found.artifacts[0].opens_with, "psql");
  EXPECT_EQ(found.artifacts[0].minimum_client, "15");
  EXPECT_EQ(found.artifacts[0].starts_with, "--");
  EXPECT_TRUE(found.artifacts[0].auxiliary);
  EXPECT_FALSE(found.artifacts[1].auxiliary);
}

TEST_F(DescriptionTest, KeepsWhatItDoesNotKnowOfAnArtifact) {
  const auto found = describe_as(
      R"({"state": "running", "artifacts": [{"name": "a", "owner": "ann"},
          {"name": "b", "auxiliary": true}, {"name": "c", "kind": "x"}]})");
  EXPECT_EQ(nlohmann::json::parse(found.artifacts[0].extra), (nlohmann::json{{"owner", "ann"}}));
  EXPECT_EQ(nlohmann::json::parse(found.artifacts[1].extra), (nlohmann::json{{"auxiliary", true}}))
      << "download leaves auxiliary ones out by it";
  EXPECT_EQ(found.artifacts[2].extra, "");
}

TEST_F(DescriptionTest, NeedsOnlyTheState) {
  const Description found = describe_as(R"({"state": "stopped"})");
  EXPECT_EQ(found.state, State_::kStopped);
  EXPECT_THAT(found.artifacts, IsEmpty());
  EXPECT_EQ(found.size, 0U);
}

struct Stated {
  const char* text;
  State_ state;
  std::optional<ErrorKind> refused;
};
class DescribedState : public DescriptionTest, public testing::WithParamInterface<Stated> {};

TEST_P(DescribedState, DecidesWhetherItCanBeUsed) {
  const auto found = describe_as(std::string(R"({"state": ")") + GetParam().text + "\"}");
  EXPECT_EQ(found.state, GetParam().state);
  if (!GetParam().refused) {
    EXPECT_NO_THROW(require_running(found, Lab::source()));
  } else {
    EXPECT_THAT([&] { require_running(found, Lab::source()); },
                ThrowsError(*GetParam().refused, HasSubstr("fake:one")));
  }
}

INSTANTIATE_TEST_SUITE_P(All, DescribedState,
                         testing::Values(Stated{"running", State_::kRunning, std::nullopt},
                                         Stated{"stopped", State_::kStopped, ErrorKind::kStopped},
                                         Stated{"paused", State_::kPaused, ErrorKind::kPaused},
                                         Stated{"missing", State_::kMissing, ErrorKind::kNotFound}),
                         [](const auto& info) { return info.param.text; });

class NoDescription : public DescriptionTest, public testing::WithParamInterface<const char*> {};

TEST_P(NoDescription, IsAFailureThatNamesTheHook) {
  EXPECT_THAT([this] { describe_as(GetParam()); }, ThrowsError(ErrorKind::kFailed));
}

INSTANTIATE_TEST_SUITE_P(Answers, NoDescription,
                         testing::Values("", "running", "{", "[]", "{}", "{\"state\": 1}",
                                         "{\"state\": \"asleep\"}",
                                         "{\"state\": \"running\", \"artifacts\": 1}",
                                         "{\"state\": \"running\", \"artifacts\": [{}]}",
                                         "{\"state\": \"running\", \"artifacts\": [{\"name\": 1}]}",
                                         "{\"state\": \"running\", \"size\": \"big\"}"));

TEST_F(DescriptionTest, OfAHookThatFailsIsItsError) {
  lab_.at("describe", "echo 'no docker' >&2; exit 5");
  EXPECT_THAT([this] { describe_as("{}"); }, ThrowsError(ErrorKind::kStopped, "no docker"));
}

}  // namespace
}  // namespace backups
