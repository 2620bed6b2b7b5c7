// push_backup() of copies/copy.hpp.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "backup/create.hpp"
#include "base/error.hpp"
#include "copies/copy.hpp"
#include "model/target.hpp"
#include "support/bucket_server.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using tests::Lab;
using tests::ServerReply;
using tests::ServerRequest;
using tests::ThrowsError;

class PushTest : public testing::Test {
 protected:
  PushTest() {
    bucket_.add_to(state_, "far");
    id_ = tests::create(state_).id;
  }
  Backup row() { return tests::row_of(state_, id_); }
  Pushed push(const std::string& target = "far") {
    return push_backup(state_.paths, state_.targets, state_.catalog, state_.events, row(), target,
                       {});
  }
  /// The key of a file of the backup in the bucket.
  std::string key(const std::string& end) {
    return state_.identity.read().name + "/fake/one/" + id_ + end;
  }
  CopyStatus status() { return row().copy_on("far")->status; }

  Lab lab_;
  State state_ = lab_.open();
  tests::BucketServer bucket_;
  std::string id_;
};

TEST_F(PushTest, TheManifestComesLastAndEveryByteIsThere) {
  EXPECT_EQ(push(), Pushed::kCopied);
  EXPECT_EQ(status(), CopyStatus::kSuccess);
  std::vector<std::string> put;
  for (const auto& change : bucket_.changes())
    if (change.ends_with(".dump.zst") || change.ends_with(".json")) put.push_back(change);
  EXPECT_THAT(put, ElementsAre("PUT " + key(".a.dump.zst"), "PUT " + key(".b.dump.zst"),
                               "PUT " + key(".json")));
  EXPECT_NO_THROW(tests::verify(state_, row(), "far"));
}

TEST_F(PushTest, WhatIsThereAlreadyIsAdoptedAndNotSentAgain) {
  push();
  const auto sent = bucket_.changes().size();
  state_.catalog.open().mark_copy(row(), {"far", CopyStatus::kFailed, "the catalog forgot it", {}});
  EXPECT_EQ(push(), Pushed::kAdopted);
  EXPECT_EQ(status(), CopyStatus::kSuccess);
  const auto changes = bucket_.changes();
  for (auto i = sent; i < changes.size(); ++i) EXPECT_THAT(changes[i], HasSubstr("RECOVERY.md"));
}

TEST_F(PushTest, AnotherBackupOfThatNameIsLeftAsItIs) {
  Manifest other = tests::verify(state_, row());
  other.label = "another";
  bucket_.objects[key(".json")] = manifest_to_json(other).dump() + "\n";
  const auto before = bucket_.objects;
  EXPECT_THAT([&] { push(); }, ThrowsError(ErrorKind::kRefused, HasSubstr("another backup")));
  EXPECT_EQ(bucket_.objects, before);
  EXPECT_EQ(status(), CopyStatus::kFailed);
}

TEST_F(PushTest, AFailureHalfWayRemovesWhatItSentAndNothingElse) {
  const std::string others = state_.identity.read().name + "/fake/one/somebody-elses.dump";
  bucket_.objects[others] = "x";
  bucket_.fault = [&](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "PUT" || request.target.find(".b.dump") == std::string::npos)
      return std::nullopt;
    return ServerReply{403, "<Error><Code>AccessDenied</Code></Error>"};
  };
  EXPECT_THAT([&] { push(); },
              ThrowsError(ErrorKind::kUnreachable, StartsWith("the copy to far failed: ")));
  EXPECT_THAT(bucket_.keys(), ElementsAre(others));
  EXPECT_EQ(status(), CopyStatus::kFailed);
  EXPECT_THAT(tests::files_below(lab_.root() / "run"), IsEmpty());
}

TEST_F(PushTest, ADamagedBackupIsNoCopy) {
  const fs::path file = lab_.backups_of(Lab::source()) / (id_ + ".b.dump.zst");
  std::string bytes = tests::slurp(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  tests::spill(file, bytes);
  EXPECT_THAT([&] { push(); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT(bucket_.keys(), IsEmpty());
  EXPECT_EQ(row().copy_on(kLocalTarget)->status, CopyStatus::kDamaged);
}

TEST_F(PushTest, ItsOwnDamagedCopyIsReplaced) {
  push();
  bucket_.objects[key(".a.dump.zst")] = "cut";
  state_.catalog.open().mark_copy(row(), {"far", CopyStatus::kDamaged, "cut", {}});
  EXPECT_EQ(push(), Pushed::kCopied);
  EXPECT_NO_THROW(tests::verify(state_, row(), "far"));
}

TEST_F(PushTest, ItsOwnManifestThatWasCutOffIsReplaced) {
  push();
  bucket_.objects[key(".json")] = "{ half";
  EXPECT_EQ(push(), Pushed::kCopied);
  EXPECT_NO_THROW(tests::verify(state_, row(), "far"));
}

TEST_F(PushTest, ADamagedCopyThatCannotBeReplacedStaysDamaged) {
  push();
  bucket_.objects[key(".a.dump.zst")] = "cut";
  state_.catalog.open().mark_copy(row(), {"far", CopyStatus::kDamaged, "cut", {}});
  const auto before = bucket_.objects;
  bucket_.fault = [](const ServerRequest& request) -> std::optional<ServerReply> {
    if (request.method != "PUT") return std::nullopt;
    return ServerReply{403, "<Error><Code>AccessDenied</Code></Error>"};
  };
  EXPECT_THAT([&] { push(); }, ThrowsError(ErrorKind::kUnreachable));
  EXPECT_EQ(bucket_.objects, before) << "what is whole of it may be all that there is";
  EXPECT_EQ(status(), CopyStatus::kDamaged);
}

TEST_F(PushTest, AFileOfSomebodyElseUnderItsNameIsLeftAsItIs) {
  bucket_.objects[key(".b.dump.zst")] = "somebody else's";
  EXPECT_THAT([&] { push(); },
              ThrowsError(ErrorKind::kRefused, HasSubstr(id_ + ".b.dump.zst already exists")));
  EXPECT_THAT(bucket_.keys(), ElementsAre(key(".b.dump.zst")));
  EXPECT_EQ(bucket_.objects[key(".b.dump.zst")], "somebody else's");
  EXPECT_EQ(status(), CopyStatus::kFailed);
}

TEST_F(PushTest, ABackupThatIsGoneHereIsCopiedFromAnotherTarget) {
  push();
  fs::remove_all(lab_.backups_of(Lab::source()));
  tests::BucketServer near;
  near.add_to(state_, "near");
  EXPECT_EQ(push("near"), Pushed::kCopied);
  EXPECT_NO_THROW(tests::verify(state_, row(), "near"));
  EXPECT_EQ(row().copy_on(kLocalTarget)->status, CopyStatus::kDamaged);
}

}  // namespace
}  // namespace backups
