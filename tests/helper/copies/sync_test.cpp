#include "copies/sync.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "copies/copy.hpp"
#include "model/target.hpp"
#include "support/bucket_server.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "sys/clock.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::Lab;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

class SyncTest : public testing::Test {
 protected:
  SyncTest() {
    bucket_.add_to(state_, "far");
    id_ = tests::create(state_).id;
    push_backup(state_.paths, state_.targets, state_.catalog, state_.events, row(), "far", {});
    state_.events.subscribe([this](const HostEvent& event) {
      changes_ += std::holds_alternative<BackupsChanged>(event);
      if (const auto* problem = std::get_if<Problem>(&event)) problems_.push_back(problem->alert);
    });
  }
  Backup row() { return tests::row_of(state_, id_); }
  CopyStatus status() { return row().copy_on("far")->status; }
  Synced sync(const std::string& host = {}) {
    return sync_target(state_.identity, state_.targets, state_.catalog, state_.events, "far", host);
  }
  std::string key(const std::string& end) {
    return state_.identity.read().name + "/fake/one/" + id_ + end;
  }

  Lab lab_;
  State state_ = lab_.open();
  tests::BucketServer bucket_;
  std::string id_;
  int changes_ = 0;
  std::vector<Alert> problems_;
};

TEST_F(SyncTest, WhatIsAsRecordedIsFoundAndNothingElseIsSaid) {
  const Synced synced = sync();
  EXPECT_EQ(synced.found, 1U);
  for (const auto* list : {&synced.adopted, &synced.missing, &synced.damaged, &synced.unreadable,
                           &synced.unknown, &synced.foreign})
    EXPECT_THAT(*list, IsEmpty());
  EXPECT_EQ(changes_, 1);
}

TEST_F(SyncTest, WhatTheCatalogForgotIsAdopted) {
  state_.catalog.open().erase(row());
  EXPECT_THAT(sync().adopted, ElementsAre("fake:" + id_));
  EXPECT_EQ(status(), CopyStatus::kSuccess);
  EXPECT_EQ(row().copy_on(kLocalTarget), nullptr);
}

TEST_F(SyncTest, ABackupWithoutItsManifestIsMissingAndItsFilesAreUnknown) {
  bucket_.objects.erase(key(".json"));
  const Synced synced = sync();
  EXPECT_THAT(synced.missing, ElementsAre("fake:" + id_));
  EXPECT_THAT(synced.unknown,
              ElementsAre("fake/one/" + id_ + ".a.dump.zst", "fake/one/" + id_ + ".b.dump.zst"));
  EXPECT_EQ(status(), CopyStatus::kMissing);
}

TEST_F(SyncTest, TheFilesOfACopyThatIsBeingMadeOrRemovedAreNotUnknown) {
  bucket_.objects.erase(key(".json"));
  const auto mark = [&](CopyStatus status) {
    state_.catalog.open().mark_copy(row(), {"far", status, "", {}, row().copy_on("far")->host});
  };
  for (const CopyStatus status : {CopyStatus::kInProgress, CopyStatus::kDeleting}) {
    mark(status);
    EXPECT_THAT(sync().unknown, IsEmpty());
  }
  mark(CopyStatus::kFailed);
  EXPECT_EQ(sync().unknown.size(), 2U) << "nobody works on it any longer";
  mark(CopyStatus::kInProgress);
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method == "GET") mark(CopyStatus::kSuccess);  // it ends while they are listed
    return {};
  };
  EXPECT_THAT(sync().unknown, IsEmpty());
}

TEST_F(SyncTest, WhatIsDeletedWhileItIsReadIsMissingAndNotUnreadable) {
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "GET" || !request.target.ends_with(".json")) return {};
    return ServerReply{404, "<Error><Code>NoSuchKey</Code></Error>"};
  };
  const Synced synced = sync();
  EXPECT_THAT(synced.missing, ElementsAre("fake:" + id_));
  EXPECT_THAT(synced.unreadable, IsEmpty());
  EXPECT_THAT(synced.unknown, IsEmpty());
}

TEST_F(SyncTest, AFileOfAnotherSizeIsDamage) {
  bucket_.objects[key(".a.dump.zst")] += "x";
  EXPECT_THAT(sync().damaged, ElementsAre(HasSubstr(id_ + ".a.dump.zst has ")));
  EXPECT_EQ(status(), CopyStatus::kDamaged);
  bucket_.objects[key(".a.dump.zst")].pop_back();
  EXPECT_EQ(sync().found, 1U);
  EXPECT_EQ(status(), CopyStatus::kSuccess) << "somebody mended it";
}

TEST_F(SyncTest, AManifestThatWasReplacedIsPublishedAsTampering) {
  Manifest other = tests::verify(state_, row());
  other.label = "replaced";
  bucket_.objects[key(".json")] = manifest_to_json(other).dump() + "\n";
  EXPECT_THAT(sync().damaged, ElementsAre(HasSubstr("was replaced")));
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].kind, AlertKind::kTampering);
  EXPECT_EQ(problems_[0].target, "far");
}

TEST_F(SyncTest, AManifestThatCannotBeReadMakesNothingMissing) {
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "GET" || !request.target.ends_with(".json")) return std::nullopt;
    return ServerReply{403, "<Error><Code>InvalidObjectState</Code></Error>"};
  };
  const Synced synced = sync();
  EXPECT_THAT(synced.unreadable, ElementsAre(HasSubstr(id_ + ".json: ")));
  EXPECT_THAT(synced.missing, IsEmpty());
  EXPECT_THAT(synced.unknown, IsEmpty()) << "its files are its, as far as names tell";
  EXPECT_EQ(status(), CopyStatus::kSuccess);
}

TEST_F(SyncTest, ASequenceNumberThatLeavesNoneForLaterBackupsIsRefused) {
  Manifest forged = tests::verify(state_, row());
  forged.id = "one-2020-01-01-00-00-00";
  for (auto& artifact : forged.artifacts) artifact.file.replace(0, id_.size(), forged.id);
  const auto put = [&](std::int64_t sequence) {
    forged.sequence = sequence;
    bucket_.objects[state_.identity.read().name + "/fake/one/" + forged.id + ".json"] =
        manifest_to_json(forged).dump() + "\n";
    return sync();
  };
  for (const std::int64_t none : {Manifest::kMaxSequence, now() + (std::int64_t{1} << 41)})
    EXPECT_THAT(put(none).unreadable, ElementsAre(HasSubstr("sequence number")));
  const Time time = now();
  EXPECT_LE(state_.catalog.open().next_sequence(time), time + 1);
  EXPECT_THAT(put(4102444800).unreadable, IsEmpty()) << "of a clock that said 2100";
}

TEST_F(SyncTest, AManifestIsTakenOverBeforeAllOthersAreInMemory) {
  const std::string name = state_.identity.read().name;
  Manifest manifest = tests::verify(state_, row());
  for (int i = 10; i < 60; ++i) {
    Manifest other = manifest;
    other.id = "one-2020-01-01-00-00-" + std::to_string(i);
    for (auto& artifact : other.artifacts) artifact.file.replace(0, id_.size(), other.id);
    bucket_.objects[name + "/fake/one/" + other.id + ".json"] =
        manifest_to_json(other).dump() + "\n";
  }
  // The server ends the sync where the last ones are read.
  bucket_.fault = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.target.find("00-59.json") == std::string::npos) return std::nullopt;
    return ServerReply{200, "no ETag"};
  };
  EXPECT_THROW(sync(), Error);
  EXPECT_THAT(state_.catalog.open().find("one-2020-01-01-00-00-10"), testing::SizeIs(1));
}

TEST_F(SyncTest, AServerThatDoesNotAnswerChangesNothing) {
  bucket_.fault = [](const ServerRequest&) { return ServerReply{.drop = true}; };
  EXPECT_THAT([&] { sync(); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_EQ(status(), CopyStatus::kSuccess);
  EXPECT_EQ(changes_, 0);
}

TEST_F(SyncTest, WhatAnotherMachineWroteBelowOurNameIsForeignAndDoubtsTheName) {
  const std::string name = state_.identity.read().name;
  Manifest other = tests::verify(state_, row());
  other.id = "one-2020-01-01-00-00-00";
  other.writer = "0123456789abcdef";
  for (auto& artifact : other.artifacts) artifact.file.replace(0, id_.size(), other.id);
  bucket_.objects[name + "/fake/one/" + other.id + ".json"] = manifest_to_json(other).dump() + "\n";
  EXPECT_THAT(sync().foreign, ElementsAre("fake:" + other.id));
  EXPECT_TRUE(state_.identity.read().is_doubtful(name));
  EXPECT_THAT(state_.catalog.open().find(other.id), IsEmpty());
  ASSERT_EQ(problems_.size(), 1U);
  EXPECT_EQ(problems_[0].kind, AlertKind::kIdentity);
}

TEST_F(SyncTest, TheBackupsOfAnotherHostAreAdoptedBelowItsName) {
  const std::string own = state_.identity.read().name;
  Manifest other = tests::verify(state_, row());
  other.id = "one-2020-01-01-00-00-00";
  other.host = "elsewhere-0a0b0c0d";
  other.artifacts.resize(1);
  other.artifacts[0].file = other.id + ".dump.zst";
  bucket_.objects[other.host + "/fake/one/" + other.id + ".json"] =
      manifest_to_json(other).dump() + "\n";
  bucket_.objects[other.host + "/fake/one/" + other.artifacts[0].file] =
      std::string(other.artifacts[0].stored_size, 'x');
  for (const char* key : {"notes-only/RECOVERY.md", "\x1b[31mred/x.json", "x.json"})
    bucket_.objects[key] = "x";
  EXPECT_THAT(hosts_on(state_.targets, "far"), testing::UnorderedElementsAre(own, other.host))
      << "only what has a manifest, below a valid name";
  EXPECT_THAT(sync(other.host).adopted, ElementsAre("fake:" + other.id));
  EXPECT_EQ(tests::row_of(state_, other.id).copy_on("far")->host, other.host);
}

}  // namespace
}  // namespace backups
