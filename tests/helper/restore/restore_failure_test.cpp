// Restores that fail at every step in turn: the live data is unchanged, and no staging area is
// left.
#include <gmock/gmock.h>

#include <csignal>

#include "lifecycle/recover.hpp"
#include "restore/restore.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class RestoreFailure : public testing::Test {
 protected:
  void SetUp() override {
    manifest_ = create(state_);
    lab_.set_live("one", changed_);
    lab_.forget_calls();
  }
  fs::path file(std::size_t index) const {
    return lab_.backups_of(Lab::source()) / manifest_.artifacts[index].file;
  }
  void restore(bool in_place = false) {
    tests::restore(state_, manifest_.id, Lab::source(), in_place);
  }
  void damage(std::size_t index) {
    std::string bytes = slurp(file(index));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    spill(file(index), bytes);
  }
  void expect_untouched() {
    EXPECT_EQ(lab_.live(), changed_);
    EXPECT_THAT(lab_.places(), IsEmpty());
    EXPECT_THAT(tests::files_below(lab_.root() / "run"), IsEmpty());
  }

  Lab lab_;
  State state_ = lab_.open();
  const std::map<std::string, std::string> original_ = lab_.live();
  const std::map<std::string, std::string> changed_ = {{"a", "changed"}, {"b", "changed too"}};
  Manifest manifest_;
};

struct Step {
  const char* knob;
  std::vector<std::string> calls;
};
class FailingStep : public RestoreFailure, public testing::WithParamInterface<Step> {};

TEST_P(FailingStep, IsAbandoned) {
  lab_.at(GetParam().knob, "echo 'no luck' >&2; exit 1");
  EXPECT_THAT([this] { restore(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("no luck")));
  std::vector<std::string> expected = {"describe one", "prepare one WHERE"};
  expected.insert(expected.end(), GetParam().calls.begin(), GetParam().calls.end());
  expected.insert(expected.end(), {"sweep RUN", "abandon one WHERE"});
  EXPECT_EQ(lab_.calls(), expected);
  expect_untouched();
  EXPECT_THAT(slurp(state_.paths.log_file(Lab::source(), manifest_.id)), HasSubstr("failed: "));
  EXPECT_THAT(state_.catalog.open().events(row_of(state_, manifest_.id)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Steps, FailingStep,
    testing::Values(Step{"prepare", {}}, Step{"prepare.end", {}},
                    Step{"import.a", {"import one a WHERE"}},
                    Step{"import.b", {"import one a WHERE", "import one b WHERE"}},
                    Step{"import.end", {"import one a WHERE"}},
                    Step{"commit",
                         {"import one a WHERE", "import one b WHERE", "commit one WHERE"}}));

TEST_F(RestoreFailure, OfTheMiddleOfACommitIsForTheHookToFinish) {
  lab_.at("commit.middle", "exit 1");
  EXPECT_THROW(restore(), Error);
  EXPECT_EQ(lab_.live(), original_) << "the old or the new, and this hook had swapped";
  EXPECT_THAT(lab_.places(), IsEmpty());
}

class DamagedArtifact : public RestoreFailure, public testing::WithParamInterface<std::size_t> {};

TEST_P(DamagedArtifact, IsFoundBeforeAnythingIsTouched) {
  damage(GetParam());
  EXPECT_THAT([this] { restore(); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr(manifest_.artifacts[GetParam()].file)));
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one"));
  expect_untouched();
  EXPECT_EQ(row_of(state_, manifest_.id).copies.at(0).status, CopyStatus::kDamaged);
  EXPECT_FALSE(row_of(state_, manifest_.id).verified_at);
}

TEST_P(DamagedArtifact, InPlaceIsFoundBeforeAnythingIsTouched) {
  damage(GetParam());
  EXPECT_THAT([this] { restore(true); }, ThrowsError(ErrorKind::kDamaged));
  EXPECT_THAT(lab_.calls(), ElementsAre("describe one"));
  expect_untouched();
}

TEST_P(DamagedArtifact, ThatWasGoodWhenVerifiedIsNotSwappedIn) {
  {
    const RestoreRequest request{row_of(state_, manifest_.id), Lab::source(), false, false};
    Restore restore(state_, request, lock_for_restore(state_, request));
    restore.verify({});
    damage(GetParam());
    EXPECT_THAT([&] { restore.apply({}); }, ThrowsError(ErrorKind::kDamaged));
  }
  EXPECT_THAT(lab_.calls(), Not(Contains(StartsWith("commit"))));
  EXPECT_THAT(lab_.calls(), Contains("abandon one WHERE"));
  expect_untouched();
}

TEST_P(DamagedArtifact, ThatIsSwappedForAnotherAfterVerifyingIsNotSwappedIn) {
  lab_.set_live("one", {{"a", "second"}, {"b", "second"}});
  const Manifest other = create(state_);
  lab_.set_live("one", changed_);
  {
    const RestoreRequest request{row_of(state_, manifest_.id), Lab::source(), false, false};
    Restore restore(state_, request, lock_for_restore(state_, request));
    restore.verify({});
    fs::copy_file(lab_.backups_of(Lab::source()) / other.artifacts[GetParam()].file,
                  file(GetParam()), fs::copy_options::overwrite_existing);
    EXPECT_THAT([&] { restore.apply({}); }, ThrowsError(ErrorKind::kDamaged));
  }
  expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(Artifacts, DamagedArtifact, testing::Values(0, 1));

TEST_F(RestoreFailure, WithoutItsManifestIsDamage) {
  fs::remove(lab_.backups_of(Lab::source()) / (manifest_.id + ".json"));
  EXPECT_THAT([this] { restore(); }, ThrowsError(ErrorKind::kDamaged));
  expect_untouched();
}

TEST_F(RestoreFailure, AnImportThatEndsTooSoonWithoutAnErrorIsBelieved) {
  // It has what it needs, as `head` would; its word is its exit code.
  lab_.at("import.a", "head -c 10 >\"$lab/data/$name.$where/a\"; exit 0");
  restore();
  EXPECT_EQ(lab_.live().at("a").size(), 10U);
}

TEST_F(RestoreFailure, AnImportThatTalksMuchOnStdoutIsNoDanger) {
  // psql prints a line a statement.
  lab_.at("import.a", "head -c 3000000 /dev/zero");
  const auto ending = tests::run_in_child(
      [this] {
        State state = lab_.open();
        tests::restore(state, manifest_.id);
        return 0;
      },
      std::chrono::seconds(30));
  EXPECT_EQ(ending, tests::exited(0)) << "it waits for us to read, and we for it";
}

TEST_F(RestoreFailure, WhateverIsThrownIsAbandoned) {
  const RestoreRequest request{row_of(state_, manifest_.id), Lab::source(), false, false};
  Restore restore(state_, request, lock_for_restore(state_, request));
  restore.verify({});
  const Progress out_of_memory = [](const std::string&, std::uint64_t, std::uint64_t) {
    throw std::bad_alloc();
  };
  EXPECT_ANY_THROW(restore.apply(out_of_memory));
  EXPECT_THAT(lab_.calls(), Contains("abandon one WHERE"));
  EXPECT_THAT(lab_.places(), IsEmpty());
}

TEST_F(RestoreFailure, ThatCannotBeAbandonedIsLeftToTheNextCommand) {
  lab_.at("import.b", "exit 1");
  lab_.at("abandon", "echo 'service is stopped' >&2; exit 5");
  EXPECT_THAT(
      [this] { restore(); },
      tests::ThrowsError(ErrorKind::kFailed, testing::AllOf(HasSubstr("service is stopped"),
                                                            HasSubstr("the next command"))));
  EXPECT_THAT(lab_.places(), SizeIs(1));
  lab_.forget_knobs();
  State next = lab_.open();
  tests::recover(next);
  expect_untouched();
}

TEST_F(RestoreFailure, StoppedInTheMiddleIsAbandoned) {
  lab_.at("import.b", "touch \"$lab/standing\"; exec sleep 60");
  tests::Child helper([this] {
    interrupt::install();
    State state = lab_.open();
    tests::restore(state, manifest_.id);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([this] { return fs::exists(lab_.path() / "standing"); }));
  helper.kill(SIGTERM);
  EXPECT_EQ(helper.wait(), tests::exited(12));
  EXPECT_THAT(lab_.calls(), Contains("abandon one WHERE"));
  expect_untouched();
}

TEST_F(RestoreFailure, StoppedDuringTheCommitGoesOn) {
  lab_.at("commit", "touch \"$lab/standing\"; sleep 1");
  tests::Child helper([this] {
    interrupt::install();
    State state = lab_.open();
    tests::restore(state, manifest_.id);
    return 0;
  });
  ASSERT_TRUE(tests::eventually([this] { return fs::exists(lab_.path() / "standing"); }));
  helper.kill(SIGTERM);
  EXPECT_EQ(helper.wait(), tests::exited(0)) << "a swap must not be left half done";
  EXPECT_EQ(lab_.live(), original_);
}

}  // namespace
}  // namespace backups
