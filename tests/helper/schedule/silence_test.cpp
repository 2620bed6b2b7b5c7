#include "schedule/silence.hpp"

#include <gmock/gmock.h>

#include "model/target.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::Lab;

class SilenceTest : public testing::Test {
 protected:
  SilenceTest() {
    state_.events.subscribe([this](const HostEvent& event) {
      if (const auto* problem = std::get_if<Problem>(&event))
        published_.push_back("silent: " + problem->alert.source);
      if (const auto* solved = std::get_if<ProblemSolved>(&event))
        published_.push_back("again: " + solved->alert.source);
      if (const auto* ran = std::get_if<SchedulesRan>(&event))
        published_.push_back(name_of(ran->kind) + " " + ran->message);
    });
  }
  /// A daily schedule that was set that many days ago.
  void schedule(const std::string& name, int days, const std::vector<std::string>& targets = {}) {
    Schedule one;
    one.source = Lab::source(name);
    one.id = "daily";
    one.cron = "0 2 * * *";
    one.timezone = "UTC";
    one.since = now() - days * kDay;
    one.targets = targets;
    state_.settings.change([&](Settings& settings) { settings.schedules.push_back(one); });
  }
  void ran(const std::string& name, bool well, Time age = 0) {
    Catalog& catalog = state_.catalog.open();
    const Backup row =
        catalog.begin(Lab::source(name), now() - age, Trigger::kSchedule, "", "daily");
    if (!well) return catalog.fail(row, "x", now() - age, FailureReason::kError);
    Manifest manifest;
    manifest.id = row.id;
    manifest.source = row.source;
    manifest.trigger = Trigger::kSchedule;
    manifest.schedule = "daily";
    manifest.sequence = row.sequence;
    manifest.started_at = manifest.finished_at = now() - age;
    catalog.succeed(row, manifest, kLocalTarget, "");
  }
  std::vector<std::string> silences(const std::set<std::string>& tried = {},
                                    const std::string& lane = kLocalTarget) {
    published_.clear();
    publish_silent_schedules(state_.events, state_.catalog, state_.settings.read(), lane, tried);
    return published_;
  }
  std::vector<std::string> switched() {
    published_.clear();
    publish_dead_mans_switch(state_.events, state_.catalog, state_.settings.read());
    return published_;
  }

  Lab lab_;
  State state_ = lab_.open();
  std::vector<std::string> published_;
};

TEST_F(SilenceTest, TwoMissedRunsAreSilenceAndOneIsNot) {
  schedule("new", 0);
  schedule("old", 4);
  EXPECT_THAT(silences(), ElementsAre("silent: fake:old"));
}

TEST_F(SilenceTest, ASuccessEndsItForWhatWasTriedNow) {
  schedule("old", 4);
  ran("old", true);
  EXPECT_THAT(silences(), IsEmpty()) << "no news";
  EXPECT_THAT(silences({"fake:old daily"}), ElementsAre("again: fake:old"));
}

TEST_F(SilenceTest, AFailureDoesNotEndIt) {
  schedule("old", 4);
  ran("old", false);
  EXPECT_THAT(silences({"fake:old daily"}), ElementsAre("silent: fake:old"));
}

TEST_F(SilenceTest, EachLaneTellsOfItsOwnSchedules) {
  state_.settings.change([](Settings& settings) {
    settings.targets["far"] = {{"bucket", "bucket"}};
  });
  schedule("old", 4, {"far"});
  EXPECT_THAT(silences(), IsEmpty());
  EXPECT_THAT(silences({}, "far"), ElementsAre("silent: fake:old"));
}

TEST_F(SilenceTest, TheSwitchHearsGoodNewsOnlyWhileAllIsWell) {
  schedule("one", 4);
  schedule("two", 4);
  ran("one", true);
  EXPECT_THAT(switched(), ElementsAre("failure fake:two daily is not backed up"));
  ran("two", true);
  EXPECT_THAT(switched(), ElementsAre("success "));
  ran("one", false);
  EXPECT_THAT(switched(), ElementsAre(HasSubstr("fake:one daily")));
  state_.settings.change([](Settings& settings) { settings.schedules[0].paused = "by hand"; });
  EXPECT_THAT(switched(), ElementsAre("success "));
}

}  // namespace
}  // namespace backups
