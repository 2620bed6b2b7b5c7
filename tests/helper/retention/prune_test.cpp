#include "retention/prune.hpp"

#include <gmock/gmock.h>

#include "catalog/catalog.hpp"
#include "model/target.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::create;
using tests::Lab;
using tests::row_of;

class PruneTest : public testing::Test {
 protected:
  PruneTest() { keep("last=2"); }
  void keep(const std::string& rules) {
    state_.settings.change(
        [&](Settings& settings) { settings.set(Lab::source().text(), "keep-manual", rules); });
  }
  void pin(const std::string& id) {
    state_.settings.change([&](Settings& settings) { settings.pins.insert("fake:" + id); });
  }
  std::vector<std::string> make(int count) {
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) ids.push_back(create(state_).id);
    return ids;
  }
  /// The ids of the existing backups, the oldest first.
  std::vector<std::string> there() {
    std::vector<std::string> ids;
    for (const auto& backup : state_.catalog.open().list({})) ids.insert(ids.begin(), backup.id);
    return ids;
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(PruneTest, RemovesWhatNoRuleKeeps) {
  const auto ids = make(4);
  const Pruned pruned = prune(state_, Lab::source());
  EXPECT_EQ(pruned.removed, 2U);
  EXPECT_EQ(pruned.failed, 0U);
  EXPECT_THAT(there(), ElementsAre(ids[2], ids[3]));
  EXPECT_TRUE(row_of(state_, ids[0]).deleted_at) << "the row stays";
  EXPECT_EQ(prune(state_, Lab::source()).removed, 0U);
  tests::expect_sound(lab_);
}

TEST_F(PruneTest, SaysWhyBeforeItDoesAnything) {
  const auto ids = make(3);
  const auto verdicts = tests::evaluate(state_);
  ASSERT_EQ(verdicts.size(), 3U);
  EXPECT_EQ(verdicts[0].backup.id, ids[2]) << "the newest first";
  EXPECT_TRUE(verdicts[0].verdict.keep);
  EXPECT_TRUE(verdicts[1].verdict.keep);
  EXPECT_FALSE(verdicts[2].verdict.keep);
  for (const auto& one : verdicts) {
    EXPECT_FALSE(one.verdict.reason.empty());
    EXPECT_EQ(one.target, kLocalTarget);
  }
  EXPECT_EQ(there(), ids);
}

TEST_F(PruneTest, APinnedBackupStaysAndCountsForNobody) {
  const auto ids = make(4);
  pin(ids[0]);
  prune(state_, Lab::source());
  EXPECT_THAT(there(), ElementsAre(ids[0], ids[2], ids[3]));
}

TEST_F(PruneTest, TheNewestGoodOneStaysByWhateverRule) {
  keep("last=1");
  const auto ids = make(2);
  state_.catalog.open().mark_copy(row_of(state_, ids[1]),
                                  {kLocalTarget, CopyStatus::kDamaged, "a bit", {}});
  prune(state_, Lab::source());
  EXPECT_THAT(there(), testing::Contains(ids[0])) << "the damaged one is no way back";
}

TEST_F(PruneTest, OfAnotherSourceNothingIsTouched) {
  lab_.set_live("two", {{"a", "x"}, {"b", "y"}});
  make(3);
  const std::string other = create(state_, Lab::source("two")).id;
  prune(state_, Lab::source("two"));
  EXPECT_EQ(there().size(), 4U);
  prune(state_, Lab::source());
  EXPECT_THAT(there(), testing::Contains(other));
}

TEST_F(PruneTest, WhatIsBeingMadeOrFailedIsNotEvaluated) {
  const auto ids = make(2);
  const Backup running = state_.catalog.open().begin(Lab::source(), now(), Trigger::kManual, "");
  lab_.at("export.a", "exit 1");
  EXPECT_THROW(create(state_), Error);
  EXPECT_EQ(tests::evaluate(state_).size(), 2U);
  EXPECT_EQ(prune(state_, Lab::source()).removed, 0U);
  state_.catalog.open().forget(running);
}

TEST_F(PruneTest, WhatCannotBeRemovedIsCountedAndLeftForTheNextTime) {
  const auto ids = make(3);
  // In the place of the file is what remove(2) can't remove.
  const auto file = lab_.backups_of(Lab::source()) / (ids[0] + ".a.dump.zst");
  for (const auto& artifact : row_of(state_, ids[0]).artifacts) {
    const auto path = lab_.backups_of(Lab::source()) / artifact.file;
    fs::remove(path);
    fs::create_directories(path / "in the way");
  }
  const Pruned pruned = prune(state_, Lab::source());
  EXPECT_EQ(pruned.removed, 0U);
  EXPECT_EQ(pruned.failed, 1U);
  EXPECT_FALSE(row_of(state_, ids[0]).deleted_at);
}

TEST_F(PruneTest, HistoryIsForgottenAfterAYear) {
  const Time old = now() - 400 * 86400;
  Catalog& catalog = state_.catalog.open();
  catalog.fail(catalog.begin(Lab::source(), old, Trigger::kManual, ""), "no", old);
  const auto ids = make(1);
  forget_history(state_.paths, state_.catalog);
  EXPECT_THAT(there(), ElementsAre(ids[0]));
}

}  // namespace
}  // namespace backups
