#include "notify/metrics.hpp"

#include <gmock/gmock.h>

#include "catalog/job_marks.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using tests::kNoon;
using tests::Lab;
using tests::manifest_of;
using tests::sealed;

const Source kDb{"postgres", "my-db", "my-db"};

class MetricsTest : public testing::Test {
 protected:
  Backup success(Time time, const Source& source = kDb, Trigger trigger = Trigger::kManual) {
    const Backup backup = catalog_.begin(source, time, trigger, "");
    catalog_.succeed(backup, manifest_of(backup), "local", "");
    return backup;
  }
  void failure(Time time) {
    catalog_.fail(catalog_.begin(kDb, time, Trigger::kManual, ""), "x", time + 1);
  }
  void copy(const Backup& backup, const std::string& target, CopyStatus status) {
    catalog_.mark_copy(backup, {target, status, "", {}});
  }
  std::string text() { return metrics_text(catalog_); }
  /// "name{labels of my-db, and more} value\n"
  static std::string line(const std::string& name, const std::string& more, std::int64_t value) {
    return name + R"({source="postgres:my-db",type="postgres",name="my-db")" + more + "} " +
           std::to_string(value) + "\n";
  }

  tests::TemporaryDirectory directory_;
  Catalog catalog_{directory_ / "catalog.db"};
};

TEST_F(MetricsTest, AreOfTheLastSuccessAndTheLastAttempt) {
  success(kNoon - 100);
  success(kNoon);
  failure(kNoon + 100);
  const Manifest last = manifest_of(kDb, kNoon);
  EXPECT_THAT(text(),
              AllOf(HasSubstr(line("backups_last_success_timestamp_seconds", "", last.finished_at)),
                    HasSubstr(line("backups_last_duration_seconds", "",
                                   last.finished_at - last.started_at)),
                    HasSubstr(line("backups_last_size_bytes", "",
                                   static_cast<std::int64_t>(last.stored_size()))),
                    HasSubstr(line("backups_last_raw_size_bytes", "",
                                   static_cast<std::int64_t>(last.raw_size()))),
                    HasSubstr(line("backups_last_attempt_success", "", 0)),
                    HasSubstr(line("backups_count", R"(,status="success")", 2)),
                    HasSubstr(line("backups_count", R"(,status="failed")", 1))));
  success(kNoon + 200);
  EXPECT_THAT(text(), HasSubstr(line("backups_last_attempt_success", "", 1)));
}

TEST_F(MetricsTest, AreNotOfWhatIsDeletedOrOnlyForSafety) {
  success(kNoon);
  catalog_.mark_deleted(success(kNoon + 100), kNoon + 101);
  success(kNoon + 200, kDb, Trigger::kSafety);
  EXPECT_THAT(text(), HasSubstr(line("backups_last_success_timestamp_seconds", "",
                                     manifest_of(kDb, kNoon).finished_at)));
}

/// As @latest has it: neither a suspect one, nor one without a good copy.
TEST_F(MetricsTest, AreOfWhatLatestSelects) {
  success(kNoon);
  Manifest suspect = manifest_of(kDb, kNoon + 100);
  suspect.suspect = "it has 0 rows";
  catalog_.succeed(catalog_.begin(kDb, kNoon + 100, Trigger::kManual, ""), sealed(suspect), "local",
                   "");
  copy(success(kNoon + 200), "local", CopyStatus::kDamaged);
  success(kNoon + 300, kDb, Trigger::kFinal);
  EXPECT_THAT(text(), HasSubstr(line("backups_last_success_timestamp_seconds", "",
                                     manifest_of(kDb, kNoon).finished_at)));
  EXPECT_EQ(catalog_.latest(kDb)->started_at, kNoon);
}

TEST_F(MetricsTest, AreOfEachTarget) {
  const Backup first = success(kNoon - 100);
  const Backup last = success(kNoon);
  copy(first, "far", CopyStatus::kSuccess);
  copy(last, "far", CopyStatus::kFailed);
  copy(last, "near", CopyStatus::kInProgress);
  const std::string far = R"(,target="far")";
  EXPECT_THAT(text(), AllOf(HasSubstr(line("backups_copy_last_success_timestamp_seconds", far,
                                           manifest_of(kDb, kNoon - 100).finished_at)),
                            HasSubstr(line("backups_copy_ok", far, 0)),
                            HasSubstr(line("backups_copy_ok", R"(,target="local")", 1)),
                            Not(HasSubstr(R"(target="near")"))));
  copy(last, "far", CopyStatus::kSuccess);
  EXPECT_THAT(text(), HasSubstr(line("backups_copy_ok", far, 1)));
}

TEST_F(MetricsTest, AreNotOfAServiceThatWasDestroyed) {
  const Source other{"postgres", "other", "other"};
  success(kNoon);
  failure(kNoon + 50);
  success(kNoon + 100, kDb, Trigger::kFinal);
  success(kNoon, other);
  JobMarks(catalog_.database()).mark_done(kDestroyed + kDb.text(), kNoon + 100);
  EXPECT_THAT(text(), AllOf(Not(HasSubstr("my-db")), HasSubstr("postgres:other")));
  // Another one of its name.
  success(kNoon + 200);
  EXPECT_THAT(text(), AllOf(HasSubstr(line("backups_last_success_timestamp_seconds", "",
                                           manifest_of(kDb, kNoon + 200).finished_at)),
                            HasSubstr(line("backups_count", R"(,status="success")", 1)),
                            Not(HasSubstr(R"(status="failed")"))));
}

TEST_F(MetricsTest, OfNothingAreStillAllNamed) {
  const auto lines = tests::lines_of(text());
  EXPECT_EQ(lines.size(), 16U);
  for (const auto& line : lines) EXPECT_EQ(line[0], '#');
}

TEST_F(MetricsTest, EscapeTheirLabels) {
  success(kNoon, {"postgres", "a\\b\"c\nd", "x"});
  EXPECT_THAT(text(), HasSubstr(R"(name="a\\b\"c?d")"));
}

TEST(Metrics, AreWrittenWhereItWasAskedForAndReadableByAll) {
  Lab lab;
  State state = lab.open();
  tests::create(state);
  const fs::path file = lab.path() / "metrics" / "backups.prom";
  tests::subscribe(state);
  const auto write = [&] { state.events.publish(BackupsChanged{}); };
  write();
  EXPECT_FALSE(fs::exists(file));
  state.settings.change(
      [&](Settings& settings) { settings.set(Settings::kGlobal, "metrics-file", file); });
  testing::internal::CaptureStderr();
  write();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("metrics could not be written"));
  fs::create_directory(file.parent_path());
  write();
  EXPECT_EQ(tests::slurp(file), metrics_text(state.catalog.open()));
  EXPECT_EQ(tests::mode_of(file), 0644U);
  EXPECT_EQ(tests::files_below(file.parent_path()).size(), 1U);
}

/// Whatever changes what they say writes them, and nothing else.
TEST(Metrics, FollowEveryEventThatChangesThem) {
  Lab lab;
  State state = lab.open();
  tests::subscribe(state);
  const fs::path file = lab.path() / "backups.prom";
  state.settings.change(
      [&](Settings& settings) { settings.set(Settings::kGlobal, "metrics-file", file); });
  const Manifest made = tests::create(state);
  const Error error(ErrorKind::kFailed, "x");
  const auto writes = [&](const HostEvent& event) {
    fs::remove(file);
    state.events.publish(event);
    return fs::exists(file);
  };
  EXPECT_TRUE(writes(BackupMade{made, "local", "", true}));
  EXPECT_TRUE(writes(BackupFailed{Lab::source(), Trigger::kManual, "", error}));
  EXPECT_TRUE(writes(CopyEnded{Lab::source(), made.id, "far", error}));
  EXPECT_TRUE(writes(BackupsChanged{}));
  EXPECT_FALSE(writes(Problem{{.kind = AlertKind::kSilence}}));
  EXPECT_FALSE(writes(SchedulesRan{AlertKind::kStart}));
}

}  // namespace
}  // namespace backups
