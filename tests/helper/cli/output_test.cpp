#include "cli/output.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "support/child.hpp"
#include "support/manifests.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;
using testing::IsEmpty;

TEST(FormatTable, AlignsItsColumns) {
  EXPECT_EQ(
      format_table({{"ID", "STATUS", "AGE"}, {"a-long-id", "ok", "5 s"}, {"b", "failed", ""}}),
      "ID         STATUS  AGE\n"
      "a-long-id  ok      5 s\n"
      "b          failed\n");
}

TEST(FormatTable, CountsCharactersAndNotBytes) {
  EXPECT_EQ(format_table({{"NAME", "X"}, {"käse", "1"}, {"käsekuchen", "2"}}),
            "NAME        X\n"
            "käse        1\n"
            "käsekuchen  2\n");
}

TEST(FormatTable, LetsNoEscapeThrough) {
  EXPECT_EQ(format_table({{"NAME", "X"}, {"a\x1b[2J\n", "\u202E"}}),
            "NAME    X\n"
            "a?[2J?  ?\n");
}

TEST(FormatReport, LetsNoEscapeThrough) {
  const std::string text = format_report("a\x1b", {{"Artifact \x1b[2J", "b\x1b"}});
  EXPECT_THAT(text, testing::HasSubstr("=====> a?\n       Artifact ?[2J:"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(FormatTable, OfTheHeadOnly) { EXPECT_EQ(format_table({{"A", "B"}}), "A  B\n"); }

Backup example() {
  Backup backup;
  backup.id = "my-db-2026-04-08-14-30-00";
  backup.source = {"postgres", "my-db", "my-db"};
  backup.status = BackupStatus::kSuccess;
  backup.trigger = Trigger::kManual;
  backup.schedule = "daily";
  backup.label = "before";
  backup.suspect = "it is empty";
  backup.started_at = tests::kNoon;
  backup.finished_at = tests::kNoon + 65;
  backup.engine = "PostgreSQL";
  backup.engine_version = "15.18";
  backup.artifacts.emplace_back();
  backup.artifacts[0].raw_size = 5'000'000'000;
  backup.artifacts[0].stored_size = 1'000;
  backup.copies = {{"local", CopyStatus::kSuccess, "", 1'000}};
  return backup;
}

TEST(BackupToJson, HasEveryFieldInSnakeCaseUtcAndBytes) {
  EXPECT_EQ(backup_to_json(example(), true), Json::parse(R"({
    "id": "my-db-2026-04-08-14-30-00", "source": "postgres:my-db", "type": "postgres",
    "name": "my-db", "address": "my-db", "status": "success", "error": "", "trigger": "manual",
    "schedule": "daily", "label": "before", "suspect": "it is empty", "started_at": "2026-04-08T14:30:00Z",
    "finished_at": "2026-04-08T14:31:05Z", "deleted_at": null, "verified_at": null,
    "pinned": true, "engine": "PostgreSQL", "engine_version": "15.18", "raw_size": 5000000000,
    "stored_size": 1000,
    "copies": [{"target": "local", "status": "success", "size": 1000, "error": "",
                "etag": null, "attempts": 0}]})"));
}

TEST(BackupToJson, SaysNullForWhatIsNotKnown) {
  Backup backup;
  backup.started_at = tests::kNoon;
  const Json json = backup_to_json(backup, false);
  for (const char* key :
       {"finished_at", "deleted_at", "verified_at", "raw_size", "stored_size", "schedule"})
    EXPECT_TRUE(json[key].is_null()) << key;
  EXPECT_EQ(json["copies"], Json::array());
  EXPECT_EQ(json["pinned"], false);
}

TEST(PrintJson, TakesTextThatIsNoUtf8) {
  testing::internal::CaptureStdout();
  print_json({{"error",
               "a\xff"
               "b"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "{\n  \"error\": \"a\xef\xbf\xbd"
            "b\"\n}\n");
}

TEST(Print, ToNobodyIsAnError) {
  const auto ending = tests::run_in_child([] {
    ::close(STDOUT_FILENO);
    print("text");
    return 0;
  });
  EXPECT_EQ(ending, tests::exited(1)) << "what was asked for did not arrive";
}

const Question kQuestion{.warning = "This replaces all",
                         .answers = {"my-db", "postgres:my-db"},
                         .command = "backups-helper restore my-db@latest"};

/// Answers through a pipe, which ends then.
tests::Ending confirm_piped(const std::string& answer) {
  return tests::run_in_child([&] {
    int ends[2];
    if (::pipe(ends) != 0) return 77;
    ::dup2(ends[0], STDIN_FILENO);
    [[maybe_unused]] const auto written = ::write(ends[1], answer.data(), answer.size());
    ::close(ends[1]);
    confirm(kQuestion);
    return 0;
  });
}

TEST(Confirm, TakesAPipedAnswer) {
  for (const char* right : {"my-db\n", "my-db", "postgres:my-db\n"})
    EXPECT_EQ(confirm_piped(right), tests::exited(0)) << right;
  for (const char* wrong : {"", "\n", "y\n", "my-db2\n", "\nmy-db\n"})
    EXPECT_EQ(confirm_piped(wrong), tests::exited(11)) << wrong;
}

/// Answers at a terminal.
tests::Ending confirm_with(const std::string& answer) {
  return tests::run_in_child([&] {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    ::grantpt(terminal);
    ::unlockpt(terminal);
    const int slave = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY);
    if (slave < 0) return 77;
    ::dup2(slave, STDIN_FILENO);
    [[maybe_unused]] const auto written = ::write(terminal, answer.data(), answer.size());
    confirm(kQuestion);
    return 0;
  });
}

TEST(Confirm, WantsTheNameTyped) {
  EXPECT_EQ(confirm_with("my-db\n"), tests::exited(0));
  EXPECT_EQ(confirm_with("  my-db \n"), tests::exited(0));
  for (const char* wrong : {"\n", "y\n", "my-d\n", "My-db\n", "my-db2\n", "\x04"})
    EXPECT_EQ(confirm_with(wrong), tests::exited(11)) << wrong;
}

TEST(Progress, IsNothingWhenQuiet) {
  log::set_quiet(true);
  EXPECT_FALSE(make_progress());
  log::set_quiet(false);
}

TEST(Progress, IsNoLineForEveryCallAwayFromATerminal) {
  testing::internal::CaptureStderr();
  const Progress progress = make_progress();
  for (std::uint64_t i = 0; i < 1000; ++i) progress("a", i, 1000);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), IsEmpty());
}

}  // namespace
}  // namespace backups
