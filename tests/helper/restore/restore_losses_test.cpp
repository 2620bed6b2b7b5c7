// Restores of all rows, but not of all objects.
#include <gmock/gmock.h>

#include <csignal>

#include "lifecycle/recover.hpp"
#include "restore/restore.hpp"
#include "support/capture.hpp"
#include "support/child.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

constexpr const char* kIncomplete = "ended before its last part was restored";

class RestoreLosses : public testing::Test {
 protected:
  void SetUp() override {
    manifest_ = create(state_);
    lab_.set_live("one", changed_);
    lab_.forget_calls();
  }
  void lose(const std::string& kind) {
    lab_.at("import.b",
            R"(printf '{"failure":{"artifact":"b","kind":")" + kind +
                R"(","code":"23505","object":"CREATE INDEX i","message":"twice"}}\n' >&3)");
  }
  std::vector<LostObject> restore(RestoreRequest request) {
    request.backup = row_of(state_, manifest_.id);
    request.target = Lab::source();
    Restore restore(state_, request, lock_for_restore(state_, request));
    restore.verify({});
    restore.apply({});
    return restore.lost();
  }
  /// A restore with a part after the swap, killed at the point where `knob` stops it.
  void die_at(const std::string& knob, const std::string& when) {
    lab_.at("import.a", "[[ $late ]] || printf '{\"request\":\"late\"}\\n' >&3; " +
                            (knob == "import.a" ? when + kStop : ""));
    if (knob != "import.a") lab_.at(knob, when + kStop);
    tests::Child helper([this] {
      State own = lab_.open();
      tests::restore(own, manifest_.id, Lab::source());
      return 0;
    });
    ASSERT_TRUE(tests::eventually([this] { return fs::exists(lab_.path() / "standing"); }));
    helper.kill(SIGKILL);
    helper.wait();
    lab_.forget_knobs();
  }
  std::string recovered() {
    State state = lab_.open();
    return tests::stderr_of([&] { tests::recover(state); });
  }
  std::vector<std::string> events() {
    std::vector<std::string> words;
    for (const auto& event : state_.catalog.open().events(row_of(state_, manifest_.id)))
      words.push_back(event.what + " " + event.detail);
    return words;
  }

  static constexpr const char* kStop = "{ touch \"$lab/standing\"; exec sleep 60; }";
  Lab lab_;
  State state_ = lab_.open();
  const std::map<std::string, std::string> original_ = lab_.live();
  const std::map<std::string, std::string> changed_ = {{"a", "changed"}, {"b", "changed too"}};
  Manifest manifest_;
};

TEST_F(RestoreLosses, OfWhatCanBeMadeAgainLeaveTheDataRestoredAndAreRecorded) {
  lose("rebuild");
  EXPECT_THAT(restore({}), SizeIs(1));
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(events(), Contains("not restored b: CREATE INDEX i: twice (23505)"));
  EXPECT_THAT(tests::slurp(state_.paths.log_file(Lab::source(), manifest_.id)),
              HasSubstr("not restored: b: CREATE INDEX i: twice (23505)"));
}

TEST_F(RestoreLosses, AreAskedAboutBeforeTheSwap) {
  lose("rebuild");
  RestoreRequest request;
  request.approve = [](const auto& lost) {
    EXPECT_THAT(lost, SizeIs(1));
    throw Error(ErrorKind::kRefused, "not confirmed");
  };
  EXPECT_THAT([&] { restore(request); }, ThrowsError(ErrorKind::kRefused));
  EXPECT_EQ(lab_.live(), changed_);
  EXPECT_THAT(lab_.places(), IsEmpty());
}

TEST_F(RestoreLosses, OfWhatGuardsSomethingRefuse) {
  lose("guard");
  EXPECT_THAT([&] { restore({}); },
              ThrowsError(ErrorKind::kRefused,
                          AllOf(HasSubstr("CREATE INDEX i"), HasSubstr("--accept-incomplete"))));
  EXPECT_EQ(lab_.live(), changed_);
  EXPECT_THAT(lab_.places(), IsEmpty());
}

TEST_F(RestoreLosses, OfAKindThatIsUnknownRefuse) {
  lose("whatever");
  EXPECT_THAT([&] { restore({}); }, ThrowsError(ErrorKind::kRefused));
  EXPECT_EQ(lab_.live(), changed_);
}

TEST_F(RestoreLosses, OfWhatGuardsSomethingCanBeAccepted) {
  lose("guard");
  RestoreRequest request;
  request.accept_incomplete = true;
  request.approve = [](const auto&) { ADD_FAILURE() << "they are accepted already"; };
  EXPECT_THAT(restore(request), SizeIs(1));
  EXPECT_EQ(lab_.live(), original_);
}

TEST_F(RestoreLosses, AnImportThatAsksForItIsFedOnceMore) {
  lab_.at("import.a",
          "[[ -e $lab/fed ]] || { touch \"$lab/fed\"; printf '{\"request\":\"again\"}\\n' >&3; }");
  EXPECT_THAT(restore({}), IsEmpty());
  EXPECT_THAT(lab_.calls(), Contains("import --again one a WHERE"));
  EXPECT_EQ(lab_.live(), original_);
}

TEST_F(RestoreLosses, OfAKillBetweenTheSwapAndWhatComesAfterItAreNamedUntilARestoreSucceeds) {
  die_at("import.a", "[[ ! $late ]] || ");
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(tests::stderr_of([this] { warn_of_replacements(state_.paths); }),
              HasSubstr(kIncomplete));
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(recovered(), AllOf(HasSubstr(kIncomplete),
                                   HasSubstr("backups-helper restore fake:" + manifest_.id)));
  tests::restore(state_, manifest_.id, Lab::source());
  EXPECT_THAT(recovered(), IsEmpty());
  EXPECT_THAT(tests::stderr_of([this] { warn_of_replacements(state_.paths); }), IsEmpty());
}

TEST_F(RestoreLosses, OfAKillRightAfterTheSwapAreNamedToo) {
  die_at("commit.end", "");
  EXPECT_EQ(lab_.live(), original_);
  EXPECT_THAT(recovered(), HasSubstr(kIncomplete));
  EXPECT_THAT(tests::stderr_of([this] { warn_of_replacements(state_.paths); }),
              HasSubstr(kIncomplete));
}

TEST_F(RestoreLosses, AreNoneOfAKillBeforeTheSwap) {
  die_at("commit", "");
  lab_.at("abandon", "echo unchanged");
  EXPECT_THAT(recovered(), AllOf(HasSubstr("the data is unchanged"), Not(HasSubstr(kIncomplete))));
  EXPECT_EQ(lab_.live(), changed_);
  EXPECT_THAT(recovered(), IsEmpty());
}

TEST_F(RestoreLosses, OfDataNameTheCommandForLoadingThemByHand) {
  lab_.at("import.b",
          "printf '{\"request\":\"by-hand\"}\\n' >&3; echo 'row 7 is refused' >&2; exit 1");
  EXPECT_THAT([&] { restore({}); },
              ThrowsError(ErrorKind::kFailed,
                          AllOf(HasSubstr("row 7 is refused"),
                                HasSubstr("download --root " + lab_.root().string() + " fake:" +
                                          manifest_.id + " --artifact b --raw | zstd -dc | "))));
  EXPECT_EQ(lab_.live(), changed_);
}

}  // namespace
}  // namespace backups
