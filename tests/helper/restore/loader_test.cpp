#include "restore/loader.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "host/state.hpp"
#include "support/capture.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::Lab;
using tests::slurp;
using tests::ThrowsError;

/// Bash for hooks: what the run says of itself then.
const std::string kPeek = "cp \"$BACKUPS_RUN_DIR/run.json\" \"$lab/run.json\"; ";
const std::string kFail = "echo 'no luck' >&2; exit 1";
const std::string kUntouched = "printf '{\"untouched\":true}\\n' >&3; ";
const std::string kLate = "[[ $late ]] || printf '{\"request\":\"late\"}\\n' >&3; ";

std::string lost(const std::string& kind) {
  return R"(printf '{"failure":{"artifact":"a","kind":")" + kind +
         R"(","code":"","object":"CREATE INDEX i","message":"twice"}}\n' >&3; )";
}

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    lab_.set_live("one", changed_);
    lab_.forget_calls();
  }
  Loader loader(RestoreMethod method, std::function<void()> check_losses = {}) {
    return {state_.hooks, state_.paths, run_,   log_,
            source_,      hooks_,       method, std::move(check_losses)};
  }
  void load(Loader& loader) { loader.load(manifest_, state_.targets.local(), {}); }
  void load(RestoreMethod method) {
    Loader one = loader(method);
    load(one);
  }
  /// Of the time of kPeek.
  nlohmann::json peeked() const { return nlohmann::json::parse(slurp(lab_.path() / "run.json")); }
  void expect_unchanged() const {
    EXPECT_EQ(lab_.live(), changed_);
    EXPECT_THAT(lab_.places(), IsEmpty());
  }

  Lab lab_;
  State state_ = lab_.open();
  const std::map<std::string, std::string> original_ = lab_.live();
  const std::map<std::string, std::string> changed_ = {{"a", "changed"}, {"b", "changed too"}};
  const Manifest manifest_ = tests::create(state_);
  const Source source_ = Lab::source();
  const HookSet hooks_{"fake"};
  backups::Run run_{state_.paths, kRestoreVerb, source_};
  HookLog log_{{}};
};

TEST_F(LoaderTest, SwapsWithoutSayingThatTheLiveDataIsBeingReplaced) {
  lab_.at("import.b", kPeek);
  Loader one = loader(RestoreMethod::kSwap);
  load(one);
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_NE(peeked()["place"].get<std::string>(), "");
  EXPECT_EQ(run_.record().place, "") << "nothing is beside any more";
  lab_.at("commit", kPeek);
  load(RestoreMethod::kSwap);
  EXPECT_EQ(peeked()["replacing"], false) << "the old or the new is there whenever it dies";
  EXPECT_FALSE(one.may_have_replaced());
}

TEST_F(LoaderTest, ReplacesAndSaysSoForWhoeverFindsItDead) {
  lab_.at("import.b", kPeek);
  Loader one = loader(RestoreMethod::kReplace);
  lab_.at("commit", "cp \"$lab/run.json\" \"$lab/before.json\"; " + kPeek);
  load(one);
  EXPECT_EQ(nlohmann::json::parse(slurp(lab_.path() / "before.json"))["replacing"], false);
  EXPECT_EQ(peeked()["replacing"], true);
  EXPECT_TRUE(run_.record().replacing) << "until the caller has recorded the restore";
  EXPECT_TRUE(one.may_have_replaced());
}

TEST_F(LoaderTest, InPlaceSaysSoFromTheFirstByteOn) {
  lab_.at("import.a", kPeek);
  Loader one = loader(RestoreMethod::kInPlace);
  load(one);
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(lab_.calls(), ElementsAre("import --in-place one a", "import --in-place one b"));
  EXPECT_EQ(peeked()["replacing"], true);
  EXPECT_EQ(peeked()["place"].get<std::string>(), "inplace");
  EXPECT_EQ(run_.record().place, "");
  EXPECT_TRUE(one.may_have_replaced());
}

TEST_F(LoaderTest, InATransactionNothingIsReplacedWhateverFails) {
  lab_.at("import.a", kPeek + kFail);
  Loader one = loader(RestoreMethod::kAtomic);
  EXPECT_THAT([&] { load(one); }, ThrowsError(ErrorKind::kFailed, HasSubstr("no luck")));
  EXPECT_EQ(peeked()["replacing"], false);
  EXPECT_EQ(peeked()["place"].get<std::string>(), "");
  EXPECT_FALSE(one.may_have_replaced());
  expect_unchanged();
}

struct Failure {
  const char* name;
  RestoreMethod method;
  const char* knob;
  std::string bash;
  bool replaced;
};
class FailingLoad : public LoaderTest, public testing::WithParamInterface<Failure> {};

TEST_P(FailingLoad, KnowsWhetherTheLiveDataMayHaveChanged) {
  lab_.at(GetParam().knob, GetParam().bash);
  Loader one = loader(GetParam().method);
  EXPECT_THROW(load(one), Error);
  EXPECT_EQ(one.may_have_replaced(), GetParam().replaced);
  EXPECT_EQ(run_.record().replacing, GetParam().replaced);
  if (!GetParam().replaced) expect_unchanged();
}

INSTANTIATE_TEST_SUITE_P(
    Ways, FailingLoad,
    testing::Values(
        Failure{"SwapAtImport", RestoreMethod::kSwap, "import.b", kFail, false},
        Failure{"SwapAtCommit", RestoreMethod::kSwap, "commit", kFail, false},
        Failure{"ReplaceAtImport", RestoreMethod::kReplace, "import.b", kFail, false},
        Failure{"ReplaceAtCommit", RestoreMethod::kReplace, "commit", kFail, true},
        Failure{"ReplaceUntouched", RestoreMethod::kReplace, "commit", kUntouched + kFail, false},
        Failure{"ReplaceRefused", RestoreMethod::kReplace, "commit",
                "printf '{\"exit\":11}\\n' >&3; exit 11", false},
        Failure{"InPlaceFirst", RestoreMethod::kInPlace, "import.a", kFail, true},
        Failure{"InPlaceUntouched", RestoreMethod::kInPlace, "import.a", kUntouched + kFail, false},
        Failure{"InPlaceSecondUntouched", RestoreMethod::kInPlace, "import.b", kUntouched + kFail,
                true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(LoaderTest, ChecksLossesWhenEverythingIsImportedAndNothingSwapped) {
  std::vector<std::string> seen;
  Loader one = loader(RestoreMethod::kSwap, [&] {
    seen = lab_.calls();
    throw Error(ErrorKind::kRefused, "not so");
  });
  EXPECT_THAT([&] { load(one); },
              ThrowsError(ErrorKind::kRefused,
                          testing::StrEq("not so. fake:one is unchanged; the partial restore was "
                                         "removed")));
  EXPECT_THAT(seen, ElementsAre("prepare one WHERE", "import one a WHERE", "import one b WHERE"));
  EXPECT_THAT(lab_.calls(), Not(Contains("commit one WHERE")));
  expect_unchanged();
}

TEST_F(LoaderTest, InPlaceChecksLossesAfterwardsAndOnlyOfWhatGuards) {
  int checks = 0;
  const auto check_losses = [&] {
    ++checks;
    EXPECT_EQ(lab_.live(), original_);
  };
  for (const auto& [bash, times] :
       std::map<std::string, int>{{"true", 0}, {lost("rebuild"), 0}, {lost("guard"), 1}}) {
    checks = 0;
    log_.forget_lost();
    lab_.at("import.a", bash);
    Loader one = loader(RestoreMethod::kInPlace, check_losses);
    load(one);
    EXPECT_EQ(checks, times) << bash;
  }
}

TEST_F(LoaderTest, RestoresTheLatePartsAfterTheSwap) {
  lab_.at("import.a", kLate);
  lab_.at("commit", kPeek);
  load(RestoreMethod::kSwap);
  EXPECT_THAT(lab_.calls(),
              ElementsAre("prepare one WHERE", "import one a WHERE", "import one b WHERE",
                          "commit one WHERE", "import --late one a WHERE"));
  EXPECT_EQ(peeked()["late"], true) << "whoever finds it dead says that a part is missing";
  EXPECT_FALSE(run_.record().late);
  EXPECT_FALSE(run_.record().replacing);
}

TEST_F(LoaderTest, RestoresTheLatePartsInPlaceToo) {
  lab_.at("import.a", kLate);
  load(RestoreMethod::kInPlace);
  EXPECT_THAT(lab_.calls(), ElementsAre("import --in-place one a", "import --in-place one b",
                                        "import --late --in-place one a"));
}

TEST_F(LoaderTest, ALatePartThatFailsIsLostAndTheRestIsRestored) {
  lab_.at("import.a", kLate + "[[ ! $late ]] || { " + kFail + "; }");
  load(RestoreMethod::kSwap);
  EXPECT_EQ(lab_.live().at("b"), original_.at("b"));
  ASSERT_THAT(log_.lost(), SizeIs(1));
  EXPECT_EQ(log_.lost()[0].artifact, "a");
  EXPECT_EQ(log_.lost()[0].kind, LostObject::Kind::kGuarding);
  EXPECT_THAT(log_.lost()[0].message, HasSubstr("no luck"));
}

TEST_F(LoaderTest, ACommitThatFailedAfterTheSwapIsARestoreWithAWarning) {
  lab_.at("commit.end", kFail);
  lab_.at("abandon.end", "echo restored");
  EXPECT_THAT(tests::stderr_of([this] { load(RestoreMethod::kSwap); }),
              AllOf(HasSubstr("The restored data is in place"), HasSubstr("no luck")));
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(lab_.places(), IsEmpty());
}

TEST_F(LoaderTest, WhatCannotBeAbandonedIsLeftForTheNextCommand) {
  lab_.at("commit", kFail);
  lab_.at("abandon", "echo 'it is stopped' >&2; exit 5");
  EXPECT_THAT(
      [this] { load(RestoreMethod::kSwap); },
      ThrowsError(ErrorKind::kFailed, AllOf(HasSubstr("no luck"), HasSubstr("it is stopped"),
                                            HasSubstr("reports which data is in place"))));
  EXPECT_NE(run_.record().place, "") << "which names what is to be removed";
}

class RehearsalTest : public LoaderTest {
 protected:
  RehearsalTest() {
    lab_.add_hook("fake", "rehearse",
                  "#!/bin/bash\nlab=${BASH_SOURCE[0]%/hooks/*}\n"
                  "echo \"rehearse $*\" >>\"$lab/calls\"\ncat >\"$lab/read.$2\"\n"
                  "[[ ! -e $lab/knobs/rehearse.$2 ]] || source \"$lab/knobs/rehearse.$2\"\n");
  }
  void rehearse() {
    Loader one = loader(RestoreMethod::kReplace);
    one.rehearse(manifest_, state_.targets.local(), {});
  }
  void rehearse_beside(bool whole) {
    Loader one = loader(RestoreMethod::kInPlace);
    one.rehearse_beside(manifest_, state_.targets.local(), whole, {});
  }
  void expect_read() const {
    for (const auto& [name, text] : original_)
      EXPECT_TRUE(slurp(lab_.path() / ("read." + name)) == text) << name;
  }
};

TEST_F(RehearsalTest, ReadsEveryArtifactAndTouchesNothing) {
  rehearse();
  EXPECT_THAT(lab_.calls(), ElementsAre("rehearse one a", "rehearse one b"));
  expect_read();
  expect_unchanged();
}

TEST_F(RehearsalTest, ThatFailsSaysWhy) {
  lab_.at("rehearse.b", kFail);
  EXPECT_THAT([this] { rehearse(); }, ThrowsError(ErrorKind::kFailed, HasSubstr("no luck")));
  expect_unchanged();
}

TEST_F(RehearsalTest, BesideOfTheWholeImportsItAndLeavesNothing) {
  lab_.at("import.b", kPeek);
  rehearse_beside(true);
  EXPECT_THAT(lab_.calls(), ElementsAre("prepare one WHERE", "import one a WHERE",
                                        "import one b WHERE", "sweep RUN", "abandon one WHERE"));
  EXPECT_NE(peeked()["place"].get<std::string>(), "");
  EXPECT_EQ(peeked()["replacing"], false);
  EXPECT_EQ(run_.record().place, "");
  expect_unchanged();
}

TEST_F(RehearsalTest, BesideOfTheStructureReadsEveryArtifact) {
  rehearse_beside(false);
  EXPECT_THAT(lab_.calls(), ElementsAre("prepare one WHERE", "rehearse one a WHERE",
                                        "rehearse one b WHERE", "sweep RUN", "abandon one WHERE"));
  expect_read();
  expect_unchanged();
}

TEST_F(RehearsalTest, BesideThatFailsLeavesNothing) {
  lab_.at("import.b", kFail);
  EXPECT_THAT([this] { rehearse_beside(true); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("no luck")));
  EXPECT_THAT(lab_.calls(), Contains("abandon one WHERE"));
  expect_unchanged();
}

TEST_F(RehearsalTest, BesideThatCannotBeRemovedIsAnErrorAlthoughItWentWell) {
  lab_.at("abandon", "echo 'it is stopped' >&2; exit 5");
  EXPECT_THAT([this] { rehearse_beside(true); },
              ThrowsError(ErrorKind::kFailed,
                          AllOf(HasSubstr("it is stopped"), HasSubstr("the next command"))));
  EXPECT_EQ(lab_.live(), changed_);
}

}  // namespace
}  // namespace backups
