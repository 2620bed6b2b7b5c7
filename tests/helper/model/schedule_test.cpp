#include "model/schedule.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "model/settings.hpp"
#include "support/errors.hpp"

namespace backups {
namespace {

using tests::ThrowsError;

Schedule example() {
  Schedule schedule;
  schedule.source = {"sqlite", "app.db-0a1b2c3d", "/srv/app.db"};
  schedule.id = "daily-2";
  schedule.cron = "0 2 * * *";
  schedule.timezone = "Europe/Berlin";
  schedule.targets = {"local", "offsite"};
  schedule.keep = KeepRules::parse("last=2");
  schedule.keep_on["offsite"] = KeepRules::parse("daily=30,monthly=12");
  schedule.paused = "by hand";
  schedule.since = 1'775'658'600;
  return schedule;
}

nlohmann::ordered_json changed(const char* key, const nlohmann::ordered_json& value) {
  nlohmann::ordered_json json = schedule_to_json(example());
  json[key] = value;
  return json;
}

TEST(Schedule, ComesBackFromSettings) {
  Settings settings;
  settings.schedules = {example()};
  settings.accepted = {"sqlite:app.db-0a1b2c3d-2026-04-08-14-30-00"};
  const Settings back = Settings::parse(settings.to_text());
  EXPECT_EQ(back.schedules, settings.schedules);
  EXPECT_EQ(back.accepted, settings.accepted);
  EXPECT_EQ(*back.find_schedule(example().source, "daily-2"), example());
  EXPECT_EQ(back.find_schedule(example().source, "daily"), nullptr);
}

TEST(Schedule, ThatCannotRunIsSaidToBeDamaged) {
  for (const auto& json :
       {changed("id", "../x"), changed("type", "/"), changed("name", ".."), changed("cron", "x")})
    EXPECT_THAT([&] { schedule_from_json(json); }, ThrowsError(ErrorKind::kDamaged)) << json;
}

TEST(Schedule, OfANewerVersionRunsSaysWhatItLeavesOutAndStaysAsItIs) {
  for (const auto& json :
       {changed("keep", "last=-1"), changed("since", "today"), changed("targets", "local"),
        changed("timezone", 2), changed("paused", {{"by", "hand"}}),
        changed("keep_on", nlohmann::ordered_json::parse(R"({"offsite": "last"})"))}) {
    Schedule schedule = schedule_from_json(json);
    EXPECT_EQ(schedule.cron, "0 2 * * *");
    EXPECT_NE(schedule.unclear, "") << json;
    EXPECT_EQ(schedule_to_json(schedule)["keep"], json["keep"]);
    EXPECT_EQ(schedule_to_json(schedule)["keep_on"], json["keep_on"]);
    EXPECT_EQ(schedule_to_json(schedule)["timezone"], json["timezone"]);
    EXPECT_EQ(schedule_to_json(schedule)["targets"], json["targets"]);
  }
  Schedule later = schedule_from_json(changed("jitter", "5m"));
  EXPECT_EQ(later.unclear, "");
  later.resume(1'800'000'000);
  EXPECT_EQ(schedule_to_json(later)["jitter"], "5m");
  EXPECT_EQ(schedule_to_json(later)["since"], rfc3339(1'800'000'000));
}

TEST(Schedule, WhoseRulesAreNotUnderstoodRemovesNothing) {
  EXPECT_EQ(schedule_from_json(changed("keep", "quarterly=4")).keep, KeepRules());
  const auto on = nlohmann::ordered_json::parse(R"({"offsite": "quarterly=4"})");
  EXPECT_EQ(schedule_from_json(changed("keep_on", on)).keep_at("offsite"), KeepRules());
}

TEST(Schedule, KeepsByTheRulesOfTheTargetOrItsOwn) {
  EXPECT_EQ(example().keep_at("offsite").to_text(), "daily=30,monthly=12");
  EXPECT_EQ(example().keep_at("local").to_text(), "last=2");
  EXPECT_EQ(Schedule().keep_at("local").to_text(), "last=7,daily=7,weekly=4");
}

TEST(Schedule, GoesOnFromNowOn) {
  Schedule schedule = example();
  schedule.resume(1'800'000'000);
  EXPECT_EQ(schedule.paused, "");
  EXPECT_EQ(schedule.since, 1'800'000'000);
}

TEST(UsesOfATarget, AreSchedulesToo) {
  Settings settings;
  settings.schedules = {example()};
  settings.set(Settings::kGlobal, "targets", "offsite");
  EXPECT_THAT(
      settings.uses_of("offsite"),
      testing::ElementsAre("targets of --global", "schedule daily-2 of sqlite:app.db-0a1b2c3d"));
  EXPECT_THAT(settings.uses_of("archive"), testing::IsEmpty());
}

TEST(KeepRulesOfATrigger, AreThoseOfManualOnesWhereItHasNone) {
  Settings settings;
  settings.set("fake:db", "keep-manual", "last=1");
  EXPECT_EQ(settings.keep_rules("fake:db", "manual").to_text(), "last=1");
  EXPECT_EQ(settings.keep_rules("fake:db", "adopt").to_text(), "last=1");
  EXPECT_EQ(settings.keep_rules("fake:db", "safety").to_text(), "last=3,within=7d");
  EXPECT_EQ(settings.keep_rules("fake:other", "adopt").to_text(), "last=20,within=90d");
}

}  // namespace
}  // namespace backups
