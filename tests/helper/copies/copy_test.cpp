#include "copies/copy.hpp"

#include <gmock/gmock.h>

#include "model/target.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

Backup with(std::vector<Copy> copies) {
  Backup backup;
  backup.id = "one-2026-04-08-14-30-00";
  backup.source = Lab::source();
  backup.copies = std::move(copies);
  return backup;
}

TEST(Nearest, IsLocalWhereThatIsGood) {
  EXPECT_EQ(nearest(with({{"away", CopyStatus::kSuccess, "", {}},
                          {kLocalTarget, CopyStatus::kSuccess, "", {}}})),
            kLocalTarget);
}

TEST(Nearest, IsAGoodOneBeforeALocalOneThatIsDamaged) {
  EXPECT_EQ(nearest(with({{"away", CopyStatus::kSuccess, "", {}},
                          {kLocalTarget, CopyStatus::kDamaged, "a bit", {}}})),
            "away");
}

TEST(Nearest, IsADamagedOneWhereNoOtherIsThere) {
  EXPECT_EQ(nearest(with({{"away", CopyStatus::kMissing, "", {}},
                          {kLocalTarget, CopyStatus::kDeleted, "", {}}})),
            "away")
      << "somebody may have mended it";
  EXPECT_EQ(nearest(with({})), kLocalTarget);
}

TEST(RequireCopy, WantsOneThatWasNotDeleted) {
  const Backup backup =
      with({{"away", CopyStatus::kFailed, "no", {}}, {"gone", CopyStatus::kDeleted, "", {}}});
  EXPECT_NO_THROW(require_copy(backup, "away"));
  for (const char* target : {"gone", "elsewhere"})
    EXPECT_THAT([&] { require_copy(backup, target); }, ThrowsError(ErrorKind::kNotFound)) << target;
}

class CopyTest : public testing::Test {
 protected:
  Lab lab_;
  State state_ = lab_.open();
  const std::string id_ = create(state_).id;
};

TEST_F(CopyTest, ADamagedOneIsMarkedAndTheErrorIsPassedOn) {
  const Backup backup = row_of(state_, id_);
  const auto use = [](Store&, const std::string&) {
    throw Error(ErrorKind::kDamaged, "a bit fell over");
  };
  EXPECT_THAT([&] { try_copies(state_.targets, state_.catalog, backup, use); },
              ThrowsError(ErrorKind::kDamaged));
  EXPECT_EQ(row_of(state_, id_).copies.at(0).status, CopyStatus::kDamaged);
}

TEST_F(CopyTest, AnErrorOfTheUserSaysNothingOfTheCopy) {
  const Backup backup = row_of(state_, id_);
  const auto use = [](Store&, const std::string&) { throw Error(ErrorKind::kFailed, "no"); };
  EXPECT_THAT([&] { try_copies(state_.targets, state_.catalog, backup, use); },
              ThrowsError(ErrorKind::kFailed));
  EXPECT_EQ(row_of(state_, id_).copies.at(0).status, CopyStatus::kSuccess);
}

TEST_F(CopyTest, ATargetThatWasRemovedIsPassedOver) {
  state_.catalog.open().mark_copy(row_of(state_, id_), {"away", CopyStatus::kSuccess, "", {}, "h"});
  std::vector<std::string> used;
  const auto use = [&](Store&, const std::string& target) {
    used.push_back(target);
    throw Error(ErrorKind::kDamaged, "a bit fell over");
  };
  EXPECT_ANY_THROW(try_copies(state_.targets, state_.catalog, row_of(state_, id_), use));
  EXPECT_THAT(used, ElementsAre(kLocalTarget));
}

/// A row that was read when the backup began knows no artifacts yet.
TEST_F(CopyTest, RecordingOneKeepsTheSizeThatIsKnown) {
  Catalog& catalog = state_.catalog.open();
  const Backup begun = catalog.begin(Lab::source(), now(), Trigger::kManual, "");
  catalog.succeed(begun, tests::manifest_of(begun), kLocalTarget, "");
  record_copy(state_.targets, state_.catalog, begun, kLocalTarget, "", "");
  EXPECT_THAT(row_of(state_, begun.id).copies.at(0).size, testing::Optional(30U));
}

TEST_F(CopyTest, TheKnownManifestIsTheOneThatWasWritten) {
  const Manifest manifest =
      any_manifest(state_.targets, state_.catalog, state_.events, row_of(state_, id_));
  EXPECT_EQ(manifest.id, id_);
  EXPECT_TRUE(is_known_manifest(row_of(state_, id_), manifest));
  Manifest other = manifest;
  other.bytes += " ";
  EXPECT_FALSE(is_known_manifest(row_of(state_, id_), other));
}

TEST_F(CopyTest, AManifestThatWasReplacedIsDamage) {
  const fs::path file = lab_.backups_of(Lab::source()) / (id_ + ".json");
  std::string text = tests::slurp(file);
  text.replace(text.find("\"Fake\""), 6, "\"Evil\"");
  tests::spill(file, text);
  EXPECT_THAT(
      [&] { any_manifest(state_.targets, state_.catalog, state_.events, row_of(state_, id_)); },
      ThrowsError(ErrorKind::kDamaged));
}

}  // namespace
}  // namespace backups
