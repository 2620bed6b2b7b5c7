// The program as a process: stdout, stderr and the exit code.

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "support/lab.hpp"
#include "support/paths.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;
using testing::StartsWith;
using tests::Lab;
using tests::lines_of;
using tests::slurp;

class CliTest : public testing::Test {
 protected:
  struct Outcome {
    int code;
    std::string out;
    std::string error;
  };
  /// Runs the helper with `variables` as its whole environment.
  Outcome helper(const std::string& words, const std::string& variables = "",
                 const std::string& input = "/dev/null") const {
    const std::string error = lab_.path() / "stderr";
    const auto answer =
        tests::shell("env -i PATH=/usr/bin:/bin " + variables + " " + tests::helper_program() +
                     " " + words + " <" + input + " 2>" + error);
    return {answer.code, answer.out, slurp(error)};
  }
  /// Does the same with the state directory of this test.
  Outcome run(const std::string& words, const std::string& input = "/dev/null") const {
    return helper(words + " --root " + lab_.root().string() + " --hooks " + lab_.hooks().string(),
                  "", input);
  }
  std::string create() const {
    const Outcome outcome = run("create fake:one");
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return lines_of(outcome.out).at(0);
  }

  Lab lab_;
};

TEST_F(CliTest, HelpAndVersionNeedNoStateDirectory) {
  EXPECT_THAT(helper("").out, StartsWith("Usage: "));
  EXPECT_EQ(helper("help").code, 0);
  EXPECT_EQ(helper("--help").out, helper("help").out);
  EXPECT_THAT(helper("version").out, MatchesRegex("backups [0-9.]+\n"));
  EXPECT_TRUE(Json::parse(helper("version --format json").out).contains("version"));
  EXPECT_THAT(helper("create --help").out, StartsWith("Usage: backups-helper create"));
  EXPECT_THAT(helper("restore x --nonsense --help").out, StartsWith("Usage: "));
}

struct BadCall {
  const char* words;
  const char* named;
};
class BadCalls : public CliTest, public testing::WithParamInterface<BadCall> {};

TEST_P(BadCalls, AreOneLineOnStderrAndExit2) {
  const Outcome outcome = run(GetParam().words);
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(lines_of(outcome.error), SizeIs(1));
  EXPECT_THAT(outcome.error, AllOf(StartsWith(" !     "), HasSubstr(GetParam().named)));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCalls,
    testing::Values(BadCall{"nope", "'nope'"}, BadCall{"create", "specify a source"},
                    BadCall{"create fake:one --all", "not both"}, BadCall{"create a,b", "'a,b'"},
                    BadCall{"create fake:one --labell x", "'--labell'"}, BadCall{"list a b", "'b'"},
                    BadCall{"list --limit x", "--limit"}, BadCall{"list --format xml", "xml"},
                    BadCall{"info", "missing argument"}, BadCall{"info fake:one", "fake:one"},
                    BadCall{"restore one", "'one'"}, BadCall{"set --global nope 1", "'nope'"},
                    BadCall{"set --global compression lz4", "'lz4'"},
                    BadCall{"set --global compression zstd extra", "'extra'"},
                    BadCall{"create fake:one --label 'a\tb'", "label"},
                    BadCall{"help nope", "nope"}));

TEST_F(CliTest, CreatePrintsTheIdOnStdoutAndTheRestOnStderr) {
  const Outcome outcome = run("create fake:one");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, MatchesRegex("one-[0-9-]{19}\n"));
  EXPECT_THAT(outcome.error, AllOf(HasSubstr("-----> "), HasSubstr("=====> ")));
  EXPECT_THAT(run("create fake:one --quiet").error, IsEmpty());
  const Json json = Json::parse(run("create fake:one --format json").out);
  EXPECT_EQ(json["backups"][0]["status"], "success");
}

TEST_F(CliTest, TheExitCodeIsTheKindAndTheWorstOfSeveral) {
  EXPECT_EQ(run("create fake:typo").code, 3);
  lab_.set_live("two", {{"a", "x"}, {"b", "x"}});
  EXPECT_EQ(run("create fake:one fake:two fake:typo").code, 3);
  lab_.at("export.b", "echo 'no room left' >&2; exit 14");
  const Outcome outcome = run("create fake:one");
  EXPECT_EQ(outcome.code, 14);
  EXPECT_THAT(lines_of(outcome.error).back(),
              AllOf(StartsWith(" !     "), HasSubstr("no room left")));
}

TEST_F(CliTest, ListShowsBackups) {
  EXPECT_EQ(Json::parse(run("list --format json").out)["backups"], Json::array());
  const std::string id = create();
  EXPECT_THAT(run("list").out, AllOf(StartsWith("BACKUP"), HasSubstr("fake:" + id)));
  EXPECT_THAT(run("list fake:one").out, HasSubstr(id));
  create();
  const Json json = Json::parse(run("list --limit 1 --format json").out);
  EXPECT_THAT(json["backups"], SizeIs(1));
  EXPECT_EQ(json["more"], true);
  EXPECT_EQ(run("list fake:typo").code, 3);
}

TEST_F(CliTest, InfoShowsHowToOpenIt) {
  const std::string id = create();
  const std::string text = run("info " + id).out;
  EXPECT_THAT(text, AllOf(HasSubstr("zstd -dc"), HasSubstr(id), HasSubstr("Fake 12.3")));
  const Json json = Json::parse(run("info " + id + " --format json").out);
  EXPECT_EQ(json["manifest"]["id"], id);
  EXPECT_EQ(json["directory"], lab_.backups_of(Lab::source()).string());
}

TEST_F(CliTest, DownloadWritesThePlainDumpOrTheStoredBytes) {
  const std::string id = create();
  EXPECT_EQ(run("download " + id).out, lab_.live().at("a"));
  EXPECT_EQ(run("download " + id + " --artifact b").out, lab_.live().at("b"));
  EXPECT_EQ(run("download " + id + " --artifact b --raw").out,
            slurp(lab_.backups_of(Lab::source()) / (id + ".b.dump.zst")));
  EXPECT_EQ(run("download " + id + " --artifact nope").code, 2);
}

TEST_F(CliTest, RestoreWithoutATerminalAndWithoutForceIsRefused) {
  const std::string id = create();
  lab_.set_live("one", {{"a", "changed"}, {"b", "changed"}});
  const Outcome outcome = run("restore " + id);
  EXPECT_EQ(outcome.code, 11);
  EXPECT_THAT(outcome.error, HasSubstr("--force"));
  EXPECT_EQ(lab_.live().at("a"), "changed");
}

TEST_F(CliTest, RestoreShowsAndPutsBackAndSaysTheWayBack) {
  const std::string id = create();
  lab_.set_live("one", {{"a", "changed"}, {"b", "changed"}});
  EXPECT_EQ(run("restore " + id + " --dry-run").code, 0);
  EXPECT_EQ(lab_.live().at("a"), "changed");
  const Outcome outcome = run("restore " + id + " --force");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(id), HasSubstr("two tables")));
  EXPECT_NE(lab_.live().at("a"), "changed");
  EXPECT_THAT(outcome.error, HasSubstr("To undo the restore: backups-helper restore fake:one-"));
}

TEST_F(CliTest, DeleteOfTheOnlyGoodBackupAsksEvenWithForce) {
  const std::string id = create();
  EXPECT_EQ(run("delete " + id + " --force").code, 11);
  create();
  EXPECT_EQ(run("delete " + id + " --force").code, 0);
  EXPECT_EQ(run("delete " + id + " --force").code, 3);
  EXPECT_EQ(run("verify " + id).code, 3);
}

TEST_F(CliTest, KeepProtectsFromDelete) {
  const std::string id = create();
  create();
  EXPECT_EQ(run("pin " + id).code, 0);
  EXPECT_EQ(run("delete " + id + " --force").code, 11);
  EXPECT_EQ(run("unpin " + id).code, 0);
  EXPECT_EQ(run("delete " + id + " --force").code, 0);
}

TEST_F(CliTest, VerifyFindsDamage) {
  const std::string id = create();
  EXPECT_EQ(run("verify " + id).code, 0);
  tests::spill(lab_.backups_of(Lab::source()) / (id + ".b.dump.zst"), "x");
  const Outcome outcome = run("verify " + id);
  EXPECT_EQ(outcome.code, 7);
  EXPECT_THAT(lines_of(outcome.error).back(), HasSubstr(id + ".b.dump.zst"));
}

TEST_F(CliTest, AdoptReadsStdinAndLogsShowIt) {
  tests::spill(lab_.path() / "dump", "rows");
  const Outcome outcome = run("adopt fake:one --label moved", lab_.path() / "dump");
  EXPECT_EQ(outcome.code, 0) << outcome.error;
  const std::string id = lines_of(outcome.out).at(0);
  EXPECT_EQ(run("download " + id).out, "rows");
  EXPECT_THAT(run("logs " + id).out, HasSubstr("success"));
}

TEST_F(CliTest, SetStoresAndUnsets) {
  EXPECT_EQ(run("set fake:one compression gzip:9").code, 0);
  EXPECT_EQ(lab_.open().settings.read().get("fake:one", "compression"), "gzip:9");
  EXPECT_EQ(run("set fake:one compression").code, 0);
  EXPECT_EQ(lab_.open().settings.read().get("fake:one", "compression"), "zstd");
  EXPECT_EQ(run("set fake:typo compression gzip").code, 3);
}

TEST_F(CliTest, CancelOfNothingIsNotFound) { EXPECT_EQ(run("cancel fake:one").code, 3); }

TEST_F(CliTest, ThroughDokkuNobodyChoosesWhatIsRun) {
  for (const std::string option : {"--root /tmp", "--hooks /tmp", "--root=/tmp"}) {
    const Outcome outcome = helper("list " + option, "PLUGIN_PATH=/p");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.error, HasSubstr("only allowed at a shell"));
  }
}

TEST_F(CliTest, WorksFromADirectoryThatIsGone) {
  fs::create_directory(lab_.path() / "gone");
  const std::string root = " --root " + lab_.root().string() + " --hooks " + lab_.hooks().string();
  const auto answer =
      tests::shell("cd " + (lab_.path() / "gone").string() + " && rmdir ../gone && " +
                   tests::helper_program() + " create fake:one" + root + " 2>&1");
  EXPECT_EQ(answer.code, 0) << answer.out;
}

TEST_F(CliTest, MakesWhatItMakesForItsOwnerOnly) {
  create();
  for (const auto& entry : fs::recursive_directory_iterator(lab_.root())) {
    if (entry.path().filename() == "settings.json") continue;  // the test's own
    EXPECT_EQ(tests::mode_of(entry.path()) & 077, 0U) << entry.path();
  }
}

}  // namespace
}  // namespace backups
