#include "backup/suspect.hpp"

#include <gmock/gmock.h>

#include "catalog/job_marks.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using tests::Lab;

class SuspectTest : public testing::Test {
 protected:
  /// A manifest that would be committed now, with artifacts of these sizes.
  Manifest next(std::map<std::string, std::uint64_t> sizes, Trigger trigger = Trigger::kManual) {
    Backup backup = state_.catalog.open().begin(Lab::source(), time_ += 60, trigger, "");
    Manifest manifest = backup;
    manifest.host = "host-00c0ffee";
    manifest.engine = "Fake";
    manifest.engine_version = "12.3";
    manifest.finished_at = time_ + 1;
    for (const auto& [name, size] : sizes) {
      Artifact artifact;
      artifact.name = name;
      artifact.file = manifest.id + "." + name + ".dump";
      artifact.raw_size = artifact.stored_size = size;
      manifest.artifacts.push_back(artifact);
    }
    begun_ = backup;
    return manifest;
  }
  /// Adds it as a success, with the result of suspicion().
  Manifest commit(Manifest manifest) {
    const Suspicion found =
        suspicion(state_.paths, state_.settings, state_.catalog.open(), manifest);
    manifest.suspect = found.why;
    manifest.reference = found.reference;
    manifest = tests::sealed(manifest);
    state_.catalog.open().succeed(begun_, manifest, "local", "");
    return manifest;
  }
  std::string why(const Manifest& manifest) {
    return suspicion(state_.paths, state_.settings, state_.catalog.open(), manifest).why;
  }

  Lab lab_;
  State state_ = lab_.open();
  Time time_ = now() - 86400;
  Backup begun_;
};

constexpr std::uint64_t kLarge = 10'000'000;

TEST_F(SuspectTest, TheFirstIsMeasuredByNothing) { EXPECT_THAT(why(next({{"a", 5}})), IsEmpty()); }

TEST_F(SuspectTest, AFractionOfTheLastOneIsSuspect) {
  const Manifest good = commit(next({{"a", kLarge}}));
  EXPECT_THAT(why(next({{"a", kLarge * 6 / 10}})), IsEmpty());
  const Manifest small = next({{"a", kLarge / 10}});
  EXPECT_THAT(why(small), HasSubstr(good.id));
  EXPECT_EQ(suspicion(state_.paths, state_.settings, state_.catalog.open(), small).reference,
            good.id);
}

TEST_F(SuspectTest, AnArtifactThatIsMissingIsSuspectBesideALargeOne) {
  commit(next({{"a", kLarge}, {"b", 5'000}}));
  EXPECT_THAT(why(next({{"a", kLarge}})), HasSubstr("it lacks b"));
  EXPECT_THAT(why(next({{"a", kLarge}, {"b", 5'000}, {"c", 1}})), IsEmpty()) << "one more is none";
}

TEST_F(SuspectTest, AnotherServerIsSuspect) {
  Manifest first = next({{"a", kLarge}});
  first.identity = "7352648291047362891";
  commit(first);
  Manifest second = next({{"a", kLarge}});
  second.identity = "1111111111111111111";
  EXPECT_FALSE(why(second).empty());
  second.identity = first.identity;
  EXPECT_THAT(why(second), IsEmpty());
}

TEST_F(SuspectTest, ABackupOfAnotherHostIsOfAnotherServer) {
  Manifest others = next({{"a", kLarge}});
  state_.catalog.open().erase(begun_);
  others.identity = "7352648291047362891";
  state_.catalog.open().adopt(tests::sealed(others), "offsite", others.host, true);
  Manifest own = next({{"a", kLarge}});
  own.identity = "1111111111111111111";
  EXPECT_THAT(why(own), IsEmpty());
  // Once it was restored here, on a new host.
  Catalog& catalog = state_.catalog.open();
  JobMarks(catalog.database())
      .mark_done(kReplaced + own.source.text(), catalog.next_sequence(time_ + 1));
  EXPECT_THAT(why(own), IsEmpty());
  own.artifacts[0].raw_size = kLarge / 10;
  EXPECT_THAT(why(own), HasSubstr(others.id));
}

TEST_F(SuspectTest, ASuspectIsNoMeasureForTheNext) {
  const Manifest good = commit(next({{"a", kLarge}}));
  commit(next({{"a", 100}}));
  EXPECT_THAT(why(next({{"a", 100}})), HasSubstr(good.id));
}

TEST_F(SuspectTest, ARowOfSuspectsThatAreAlikeIsTheNewMeasureAndTheReferenceStays) {
  const Manifest good = commit(next({{"a", kLarge}}));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(commit(next({{"a", 100'000}})).suspect.empty()) << i;
  const Manifest sixth = commit(next({{"a", 100'000}}));
  EXPECT_THAT(sixth.suspect, IsEmpty());
  EXPECT_EQ(sixth.reference, good.id) << "an intruder's wipe looks just like a purge";
  EXPECT_TRUE(
      protected_backups(state_.paths, state_.catalog.open(), Lab::source()).contains(good.id));
}

TEST_F(SuspectTest, TheReferenceIsGoneOnceTheDataAreBack) {
  commit(next({{"a", kLarge}}));
  for (int i = 0; i < 6; ++i) commit(next({{"a", 100'000}}));
  const Manifest back = commit(next({{"a", kLarge}}));
  EXPECT_THAT(back.suspect, IsEmpty());
  EXPECT_THAT(back.reference, IsEmpty());
}

TEST_F(SuspectTest, WhatIsAcceptedIsTheMeasureAtOnce) {
  commit(next({{"a", kLarge}}));
  const Manifest small = commit(next({{"a", 100'000}}));
  EXPECT_THAT(accept_suspects(state_.settings, state_.catalog.open(), Lab::source()),
              testing::ElementsAre(small.id));
  const Manifest third = commit(next({{"a", 100'000}}));
  EXPECT_THAT(third.suspect, IsEmpty());
  EXPECT_THAT(third.reference, IsEmpty());
  EXPECT_THAT(accept_suspects(state_.settings, state_.catalog.open(), Lab::source()), IsEmpty());
}

TEST_F(SuspectTest, ASafetyBackupIsNeitherComparedNorABaseline) {
  commit(next({{"a", kLarge}}));
  const Manifest safety = commit(next({{"a", 10}}, Trigger::kSafety));
  EXPECT_THAT(safety.suspect, IsEmpty());
  EXPECT_FALSE(is_comparable(safety));
  EXPECT_FALSE(why(next({{"a", 10}})).empty()) << "the empty one before it is no measure";
}

TEST_F(SuspectTest, ThePropertySaysHowSmallIsSuspect) {
  commit(next({{"a", kLarge}}));
  state_.settings.change(
      [](Settings& settings) { settings.set(Lab::source().text(), "suspect-below", "0%"); });
  EXPECT_THAT(why(next({{"a", 10}})), IsEmpty());
}

TEST_F(SuspectTest, TheTextNamesTheReferenceAndTheNextStep) {
  const Manifest good = commit(next({{"a", kLarge}}));
  const Manifest small = commit(next({{"a", 100'000}}));
  const std::string text = suspicion_text(state_.catalog, small);
  EXPECT_THAT(text, HasSubstr(good.id));
  EXPECT_THAT(text, HasSubstr("accept"));
  EXPECT_THAT(suspicion_text(state_.catalog, good), IsEmpty());
}

TEST_F(SuspectTest, TheLastBackupFromBeforeAWipeStaysThoughItIsSuspectItself) {
  const Manifest good = commit(next({{"a", kLarge}}));
  Manifest purged;
  for (int i = 0; i < 3; ++i) purged = commit(next({{"a", 1'000'000}}));
  Manifest wiped;
  for (int i = 0; i < 6; ++i) wiped = commit(next({{"a", 10'000}}));
  EXPECT_THAT(wiped.suspect, IsEmpty());
  EXPECT_EQ(wiped.reference, purged.id);
  const auto protected_ones = protected_backups(state_.paths, state_.catalog.open(), Lab::source());
  EXPECT_TRUE(protected_ones.contains(purged.id) && protected_ones.contains(good.id));
  EXPECT_EQ(protected_ones.size(), 2);
  const std::string text = suspicion_text(state_.catalog, wiped);
  EXPECT_THAT(text, testing::AllOf(HasSubstr(purged.id), HasSubstr(good.id)));
  const Manifest half = commit(next({{"a", 1'000'000}}));
  EXPECT_EQ(half.reference, good.id) << "only the second collapse is over";
}

/// As a restore into the source records it.
void restored(State& state, const Manifest& manifest, Time time) {
  Catalog& catalog = state.catalog.open();
  const auto backup = catalog.find(manifest.source.type, manifest.id);
  catalog.record(*backup, "restored", "into " + manifest.source.spelling(), time);
  JobMarks(catalog.database())
      .mark_done(kReplaced + manifest.source.text(), catalog.next_sequence(time));
}

TEST_F(SuspectTest, ARestoreOfASuspectDoesNotEndTheWayBack) {
  const Manifest good = commit(next({{"a", kLarge}}));
  restored(state_, commit(next({{"a", 10'000}})), time_ += 60);
  const Manifest after = commit(next({{"a", 10'000}}));
  EXPECT_THAT(after.suspect, IsEmpty()) << "it is what was restored";
  EXPECT_EQ(after.reference, good.id);
  restored(state_, good, time_ += 60);
  EXPECT_THAT(commit(next({{"a", kLarge}})).reference, IsEmpty());
}

TEST_F(SuspectTest, TheNinetyDaysOfAnEarlierCollapseEndedWithARestore) {
  time_ = now() - 100 * 86400;
  const Manifest good = commit(next({{"a", kLarge}}));
  commit(next({{"a", 10'000}}));
  restored(state_, good, time_ += 60);
  time_ = now() - 86400;
  for (int i = 0; i < 7; ++i) commit(next({{"a", 10'000}}));
  const auto protected_ones = protected_backups(state_.paths, state_.catalog.open(), Lab::source());
  ASSERT_TRUE(protected_ones.contains(good.id));
  EXPECT_GT(protected_ones.at(good.id), now() + 80 * 86400);
}

TEST_F(SuspectTest, SuspectsThatDifferFromEachOtherStopRetentionForNinetyDaysAtMost) {
  for (const Time days : {89, 91}) {
    time_ = now() - days * 86400;
    commit(next({{"a", kLarge}}));
    for (int i = 0; i < 6; ++i) commit(next({{"a", i % 2 == 0 ? 1'000'000 : 100'000}}));
    const Manifest after = next({{"a", 1'000'000}});
    EXPECT_EQ(why(after).empty(), days > 90);
    EXPECT_EQ(commit(after).reference.empty(), days > 90);
    accept_suspects(state_.settings, state_.catalog.open(), Lab::source());
    for (const auto& backup : state_.catalog.open().list({}))
      state_.catalog.open().mark_deleted(backup, now());
  }
}

TEST_F(SuspectTest, FewSuspectsEndNothingHoweverLongAgoTheyBegan) {
  time_ = now() - 100 * 86400;
  commit(next({{"a", kLarge}}));
  commit(next({{"a", 100'000}}));
  time_ = now() - 86400;
  EXPECT_FALSE(why(next({{"a", 10'000}})).empty());
}

}  // namespace
}  // namespace backups
