#include "schedule/tick.hpp"

#include <gmock/gmock.h>

#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "sys/lock.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::Lab;

class TickTest : public testing::Test {
 protected:
  /// A schedule whose only run of this year is due.
  void schedule(const std::string& name, const std::string& id = "hourly") {
    lab_.set_live(name, {{"a", "rows"}, {"b", "more rows"}});
    Schedule one;
    one.source = Lab::source(name);
    one.id = id;
    one.cron = "0 0 1 1 *";
    one.timezone = "UTC";
    one.since = now() - 366 * kDay;
    state_.settings.change([&](Settings& settings) { settings.schedules.push_back(one); });
  }
  /// The backups as "one success", …, the newest last.
  std::vector<std::string> attempts() {
    std::vector<std::string> found;
    for (const auto& backup : state_.catalog.open().list({}))
      found.insert(found.begin(), backup.source.name + " " + kBackupStatuses[backup.status]);
    return found;
  }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(TickTest, BacksUpWhatIsDueOnceAndNotAgain) {
  schedule("one");
  schedule("two");
  tick(state_);
  EXPECT_THAT(attempts(), testing::UnorderedElementsAre("one success", "two success"));
  EXPECT_EQ(state_.catalog.open().list({}).at(0).schedule, "hourly");
  EXPECT_EQ(state_.catalog.open().list({}).at(0).trigger, Trigger::kSchedule);
  schedule("one", "another");
  state_.settings.change([](Settings& settings) { settings.schedules.back().since = now(); });
  tick(state_);
  EXPECT_THAT(attempts(), SizeIs(2)) << "nothing new is due in the same minute";
}

TEST_F(TickTest, AFailureStopsOnlyItself) {
  schedule("one");
  schedule("two");
  lab_.at("export.a", "[[ $name != one ]] || exit 1");
  tick(state_);
  EXPECT_THAT(attempts(), testing::UnorderedElementsAre("one failed", "two success"));
}

TEST_F(TickTest, ASourceThatIsBusyIsLeftForTheNextTick) {
  schedule("one");
  schedule("two");
  {
    const Lock lock = state_.locks.acquire(Lab::source("one"), "a test");
    tick(state_);
    EXPECT_THAT(attempts(), ElementsAre("two success"));
  }
  tick(state_);
  EXPECT_THAT(attempts(), ElementsAre("two success", "one success"));
}

TEST_F(TickTest, APausedScheduleDoesNotRun) {
  schedule("one");
  state_.settings.change([](Settings& settings) { settings.schedules[0].paused = "by hand"; });
  tick(state_);
  EXPECT_THAT(attempts(), IsEmpty());
}

TEST_F(TickTest, WithoutAFreeSlotNothingIsBackedUp) {
  schedule("one");
  state_.settings.change(
      [](Settings& settings) { settings.set(Settings::kGlobal, "max-parallel", "1"); });
  {
    const auto slot = Lock::try_acquire(state_.paths.lock("tick.0"), "a test");
    tick(state_);
    EXPECT_THAT(attempts(), IsEmpty());
  }
  tick(state_);
  EXPECT_THAT(attempts(), ElementsAre("one success"));
}

TEST_F(TickTest, RetentionFollowsEachBackup) {
  schedule("one");
  state_.settings.change(
      [](Settings& settings) { settings.schedules[0].keep = KeepRules::parse("last=1"); });
  Catalog& catalog = state_.catalog.open();
  const Backup old =
      catalog.begin(Lab::source("one"), now() - 400 * kDay, Trigger::kSchedule, "hourly");
  Manifest manifest = tests::manifest_of(old);
  manifest.schedule = "hourly";
  catalog.succeed(old, tests::sealed(manifest), "local", "");
  tick(state_);
  ASSERT_THAT(catalog.list({}), SizeIs(1));
  EXPECT_NE(catalog.list({}).at(0).id, old.id);
}

TEST_F(TickTest, ATargetOfALaneThatIsNotThereHoldsNothingUp) {
  schedule("one");
  tick_lane(state_, "away");
  EXPECT_THAT(attempts(), IsEmpty()) << "backups to local are not of its lane";
}

}  // namespace
}  // namespace backups
