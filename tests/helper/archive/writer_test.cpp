#include "archive/writer.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "host/manifest_file.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/manifests.hpp"
#include "support/shell.hpp"

namespace backups {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::files_below;
using tests::kNoon;
using tests::Lab;
using tests::ThrowsError;

class WriterTest : public testing::Test {
 protected:
  std::unique_ptr<Writer> writer(std::size_t artifacts, const std::string& encoding = "none") {
    Manifest manifest = tests::manifest_of(Lab::source(), kNoon);
    manifest.artifacts.clear();
    return std::make_unique<Writer>(state_.targets.local(), std::nullopt, written_, log_, manifest,
                                    parse_encoding(encoding).value(), Writer::Plan{artifacts, 0},
                                    Progress());
  }
  static PlannedArtifact planned(const std::string& name, const std::string& starts_with = "") {
    PlannedArtifact artifact;
    artifact.name = name;
    artifact.kind = "fake-rows";
    artifact.opens_with = "wc -l";
    artifact.minimum_client = "12";
    artifact.starts_with = starts_with;
    artifact.extra = R"({"owner":"ann"})";
    return artifact;
  }
  static std::function<void(Sink&)> text(const std::string& text) {
    return [text](Sink& sink) { sink.write(text); };
  }
  std::vector<std::string> files() const {
    const fs::path directory = lab_.backups_of(Lab::source());
    return fs::exists(directory) ? files_below(directory) : std::vector<std::string>();
  }

  Lab lab_;
  State state_ = lab_.open();
  HookLog log_{{}};
  Written written_{lab_.path() / "written"};
};

TEST_F(WriterTest, WritesArtifactsFirstAndTheManifestLast) {
  const auto out = writer(2);
  out->add(planned("a"), text("alpha"));
  EXPECT_THAT(files(), ElementsAre("one-2026-04-08-14-30-00.a.dump"));
  out->add(planned("my db"), text("beta"));
  EXPECT_THAT(files(), ElementsAre("one-2026-04-08-14-30-00.a.dump",
                                   "one-2026-04-08-14-30-00.my%20db.dump"));
  out->commit();
  EXPECT_THAT(files(), ElementsAre("one-2026-04-08-14-30-00.a.dump", "one-2026-04-08-14-30-00.json",
                                   "one-2026-04-08-14-30-00.my%20db.dump"));
}

TEST_F(WriterTest, SaysInTheManifestWhatItWrote) {
  log_.add_message(R"({"detail": {"tables": 12}})");
  const auto out = writer(1, "gzip");
  const std::string bytes = tests::prose(100'000);
  out->add(planned("a"), text(bytes));
  const Manifest returned = out->commit();
  const Manifest manifest = load_manifest(state_.targets.local(), Lab::source(), returned.id);
  EXPECT_EQ(manifest_to_json(manifest), manifest_to_json(returned));
  EXPECT_THAT(manifest.stages, ElementsAre("gzip"));
  EXPECT_EQ(manifest.detail, R"({"tables":12})");
  EXPECT_GE(manifest.finished_at, manifest.started_at);
  ASSERT_EQ(manifest.artifacts.size(), 1U);
  const Artifact& artifact = manifest.artifacts[0];
  EXPECT_EQ(artifact.name, "a");
  EXPECT_EQ(artifact.kind, "fake-rows");
  EXPECT_EQ(artifact.file, "one-2026-04-08-14-30-00.dump.gz");
  EXPECT_EQ(artifact.minimum_client, "12");
  EXPECT_EQ(artifact.extra, R"({"owner":"ann"})");
  EXPECT_EQ(artifact.raw_size, bytes.size());
  EXPECT_EQ(artifact.stored_size, fs::file_size(lab_.backups_of(Lab::source()) / artifact.file));
}

TEST_F(WriterTest, SaysDigestsThatSha256sumFindsToo) {
  const auto out = writer(1, "zstd");
  out->add(planned("a"), text(tests::noise(50'000)));
  const Artifact artifact = out->commit().artifacts.at(0);
  const std::string in = "cd " + lab_.backups_of(Lab::source()).string() + " && ";
  EXPECT_THAT(tests::shell(in + "sha256sum " + artifact.file).out,
              testing::StartsWith(artifact.stored_sha256));
  EXPECT_THAT(tests::shell(in + "zstd -dc " + artifact.file + " | sha256sum").out,
              testing::StartsWith(artifact.raw_sha256));
}

class OpenCommand : public WriterTest, public testing::WithParamInterface<const char*> {};

TEST_P(OpenCommand, OpensTheArtifactWithStandardToolsOnly) {
  const auto out = writer(2, GetParam());
  out->add(planned("it's a db"), text("1\n2\n3\n"));
  PlannedArtifact plain = planned("b");
  plain.opens_with = "";
  out->add(plain, text("as it is"));
  const Manifest manifest = out->commit();
  const std::string in = "cd " + lab_.backups_of(Lab::source()).string() + " && ";
  EXPECT_EQ(tests::shell(in + manifest.artifacts[0].open_command).out, "3\n");
  EXPECT_EQ(tests::shell(in + manifest.artifacts[1].open_command + " && cat restored.dump").out,
            "as it is");
}

INSTANTIATE_TEST_SUITE_P(Codecs, OpenCommand, testing::Values("none", "gzip", "zstd"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(WriterTest, RemovesWhatItMadeUnlessCommitted) {
  tests::spill(lab_.backups_of(Lab::source()) / "one-2026-04-08-14-29-59.dump", "another's");
  auto out = writer(2);
  out->add(planned("a"), text("alpha"));
  EXPECT_THROW(out->add(planned("b"),
                        [](Sink& sink) {
                          sink.write("half");
                          throw Error(ErrorKind::kFailed, "died");
                        }),
               Error);
  out.reset();
  EXPECT_THAT(files(), ElementsAre("one-2026-04-08-14-29-59.dump"));
}

TEST_F(WriterTest, RefusesToCommitWhenAnArtifactWasLeftOut) {
  auto out = writer(2);
  out->add(planned("a"), text("alpha"));
  EXPECT_THAT([&] { out->commit(); },
              ThrowsError(ErrorKind::kFailed, HasSubstr("was not written")));
  out.reset();
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(WriterTest, RefusesAnArtifactOfNothing) {
  for (const auto& nothing : {text(""), std::function<void(Sink&)>([](Sink&) {})}) {
    const auto out = writer(1, "zstd");
    EXPECT_THAT([&] { out->add(planned("a"), nothing); },
                ThrowsError(ErrorKind::kFailed, HasSubstr("the dump of a is empty")));
  }
  EXPECT_THAT(files(), IsEmpty());
}

struct Beginning {
  const char* expected;
  std::vector<std::string> pieces;
  bool good;
};
class FirstBytes : public WriterTest, public testing::WithParamInterface<Beginning> {};

TEST_P(FirstBytes, MustBeThoseOfSuchAnArtifact) {
  const auto add = [&] {
    writer(1)->add(planned("a", GetParam().expected), [&](Sink& sink) {
      for (const auto& piece : GetParam().pieces) sink.write(piece);
    });
  };
  if (GetParam().good) {
    EXPECT_NO_THROW(add());
  } else {
    EXPECT_THAT(
        add, ThrowsError(ErrorKind::kFailed,
                         HasSubstr("does not begin with the signature of the format fake-rows")));
  }
}

INSTANTIATE_TEST_SUITE_P(All, FirstBytes,
                         testing::Values(Beginning{"PGDMP", {"PGDMP and more"}, true},
                                         Beginning{"PGDMP", {"PGDMP"}, true},
                                         Beginning{"PGDMP", {"P", "", "GD", "MPx"}, true},
                                         Beginning{"", {"anything"}, true},
                                         Beginning{"PGDMP", {"PGDM"}, false},
                                         Beginning{"PGDMP", {"PG", "DX"}, false},
                                         Beginning{"PGDMP", {"usage: pg_dump"}, false},
                                         Beginning{"--", {"-", "+"}, false}));

TEST_F(WriterTest, RefusesTwoArtifactsOfOneName) {
  auto out = writer(2);
  out->add(planned("a"), text("first"));
  EXPECT_THAT(
      [&] {
        out->add(planned("a"), text("second"));
        out->commit();
      },
      ThrowsError(ErrorKind::kFailed))
      << "the second replaced the first, and the backup does not verify";
}

TEST_F(WriterTest, ReportsItsProgress) {
  std::vector<std::string> seen;
  Manifest manifest = tests::manifest_of(Lab::source(), kNoon);
  manifest.artifacts.clear();
  Writer out(state_.targets.local(), std::nullopt, written_, log_, manifest, {}, {1, 0},
             [&](const std::string& doing, std::uint64_t done, std::uint64_t) {
               seen.push_back(doing + " " + std::to_string(done));
             });
  out.add(planned("a"), [](Sink& sink) {
    sink.write("12");
    sink.write("345");
  });
  EXPECT_THAT(seen, ElementsAre("a 2", "a 5"));
}

TEST_F(WriterTest, RemovesWhatItWroteAndNothingBesideIt) {
  const fs::path directory = lab_.backups_of(Lab::source());
  tests::spill(directory / "one-2026-04-08-14-30-00.other.dump", "somebody else's");
  {
    const auto out = writer(1);
    out->add(planned("a"), text("12345"));
    EXPECT_THAT(files(), testing::SizeIs(2));
  }
  EXPECT_THAT(files(), ElementsAre("one-2026-04-08-14-30-00.other.dump"));
}

TEST_F(WriterTest, RefusesAFileThatIsThereAndLeavesIt) {
  const fs::path file = lab_.backups_of(Lab::source()) / "one-2026-04-08-14-30-00.dump";
  tests::spill(file, "somebody else's");
  {
    const auto out = writer(1);
    EXPECT_THROW(out->add(planned("a"), text("12345")), KeyTaken);
  }
  EXPECT_EQ(tests::slurp(file), "somebody else's");
}

}  // namespace
}  // namespace backups
