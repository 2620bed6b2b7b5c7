// A restore whose data is all there but that could not put back every object.
#include <gmock/gmock.h>

#include "engine/restore.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using tests::create;
using tests::Lab;
using tests::row_of;
using tests::ThrowsError;

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
    Restore restore(state_, request);
    restore.verify({});
    restore.apply({});
    return restore.lost();
  }
  std::vector<std::string> events() {
    std::vector<std::string> words;
    for (const auto& event : state_.catalog().events(row_of(state_, manifest_.id)))
      words.push_back(event.what + " " + event.detail);
    return words;
  }

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
  EXPECT_THAT(tests::slurp(state_.log_file(Lab::source(), manifest_.id)),
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
              ThrowsError(ErrorKind::kRefused, testing::AllOf(HasSubstr("CREATE INDEX i"),
                                                              HasSubstr("--accept-incomplete"))));
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

}  // namespace
}  // namespace backups
