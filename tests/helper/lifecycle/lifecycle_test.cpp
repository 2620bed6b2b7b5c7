#include "lifecycle/lifecycle.hpp"

#include <gmock/gmock.h>

#include "catalog/job_marks.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::create;
using tests::Lab;
using tests::ThrowsError;

class LifecycleTest : public testing::Test {
 protected:
  LifecycleTest() {
    lab_.add_hook("generic", "links", "#!/bin/bash\n[[ $1 == web ]] && echo fake:one; exit 0");
    set("before-deploy", "true");
  }
  void set(const std::string& property, const std::string& value,
           const std::string& scope = "app:web") {
    state_.settings.change([&](Settings& settings) { settings.set(scope, property, value); });
  }
  void schedule(const std::string& name) {
    Schedule one;
    one.source = Lab::source(name);
    one.id = "daily";
    one.cron = "0 2 * * *";
    one.timezone = "UTC";
    state_.settings.change([&](Settings& settings) { settings.schedules.push_back(one); });
  }
  std::vector<std::string> triggers() {
    std::vector<std::string> found;
    for (const auto& backup : state_.catalog.open().list({}))
      found.insert(found.begin(), kTriggers[backup.trigger]);
    return found;
  }
  std::string paused() { return state_.settings.read().schedules.at(0).paused; }

  Lab lab_;
  State state_ = lab_.open();
};

TEST_F(LifecycleTest, ADeployWaitsForBackupsOfWhatTheAppIsLinkedTo) {
  before_deploy(state_, "web", true, {});
  EXPECT_THAT(triggers(), ElementsAre("deploy"));
  before_deploy(state_, "other", true, {});
  EXPECT_THAT(triggers(), ElementsAre("deploy")) << "which asks for none";
}

TEST_F(LifecycleTest, ADeployOfAnAppThatAsksForNoneTakesNone) {
  set("before-deploy", "false");
  before_deploy(state_, "web", true, {});
  EXPECT_THAT(triggers(), IsEmpty());
}

TEST_F(LifecycleTest, ARecentBackupIsEnoughForADeploy) {
  set("before-deploy-max-age", "1h");
  create(state_);
  before_deploy(state_, "web", true, {});
  EXPECT_THAT(triggers(), ElementsAre("manual"));
}

TEST_F(LifecycleTest, ABackupFromBeforeARestoreIsNotEnough) {
  set("before-deploy-max-age", "1h");
  create(state_);
  Catalog& catalog = state_.catalog.open();
  JobMarks(catalog.database())
      .mark_done(kReplaced + Lab::source().text(), catalog.next_sequence(now()));
  before_deploy(state_, "web", true, {});
  EXPECT_THAT(triggers(), ElementsAre("manual", "deploy"));
}

TEST_F(LifecycleTest, ADeployIsStoppedOnlyWhereThatWasAskedForAndTheAppRuns) {
  lab_.at("export", "exit 1");
  set("before-deploy-failure", "abort");
  EXPECT_THAT([&] { before_deploy(state_, "web", true, {}); },
              ThrowsError(ErrorKind::kRefused, HasSubstr("was stopped")));
  before_deploy(state_, "web", false, {});
  set("before-deploy-failure", "warn");
  before_deploy(state_, "web", true, {});
}

TEST_F(LifecycleTest, ADestroyTakesAFinalBackupUnlessThatIsOff) {
  before_destroy(state_, Lab::source(), {});
  EXPECT_THAT(triggers(), ElementsAre("final"));
  set("final-backup", "off", Lab::source().text());
  before_destroy(state_, Lab::source(), {});
  EXPECT_THAT(triggers(), ElementsAre("final"));
}

TEST_F(LifecycleTest, OnlyARequiredFinalBackupStopsADestroy) {
  lab_.at("export", "exit 1");
  before_destroy(state_, Lab::source(), {});
  set("final-backup", "require", Lab::source().text());
  EXPECT_THAT([&] { before_destroy(state_, Lab::source(), {}); },
              ThrowsError(ErrorKind::kRefused, HasSubstr("was not destroyed")));
}

TEST_F(LifecycleTest, ADestroyedServicePausesItsSchedulesUntilOneOfItsNameIsMade) {
  schedule("one");
  set("final-backup", "off", Lab::source().text());
  after_destroy(state_.settings, state_.catalog.open(), state_.events, Lab::source());
  EXPECT_FALSE(paused().empty());
  EXPECT_EQ(state_.settings.read().own(Lab::source().text(), "final-backup"), "")
      << "it is not meant for the next one";
  after_create(state_.settings, Lab::source("two"));
  EXPECT_FALSE(paused().empty());
  after_create(state_.settings, Lab::source());
  EXPECT_THAT(paused(), IsEmpty());
}

TEST_F(LifecycleTest, WhatAPersonPausedStaysPaused) {
  schedule("one");
  state_.settings.change([](Settings& settings) { settings.schedules[0].paused = "by hand"; });
  after_destroy(state_.settings, state_.catalog.open(), state_.events, Lab::source());
  after_create(state_.settings, Lab::source());
  EXPECT_EQ(paused(), "by hand");
}

TEST_F(LifecycleTest, SettingsFollowAnApp) {
  app_cloned(state_.settings, "web", "web2");
  EXPECT_EQ(state_.settings.read().own("app:web2", "before-deploy"), "true");
  EXPECT_EQ(state_.settings.read().own("app:web", "before-deploy"), "true");
  app_renamed(state_.settings, "web2", "web3");
  EXPECT_EQ(state_.settings.read().own("app:web2", "before-deploy"), "");
  EXPECT_EQ(state_.settings.read().own("app:web3", "before-deploy"), "true");
  app_destroyed(state_.settings, "web");
  EXPECT_EQ(state_.settings.read().own("app:web", "before-deploy"), "");
}

}  // namespace
}  // namespace backups
