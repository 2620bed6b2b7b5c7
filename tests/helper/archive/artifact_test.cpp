#include "archive/artifact.hpp"

#include <gmock/gmock.h>

#include "host/manifest_file.hpp"
#include "model/limits.hpp"
#include "stream/pipeline.hpp"
#include "support/errors.hpp"
#include "support/lab.hpp"
#include "support/shell.hpp"
#include "support/sinks.hpp"

namespace backups {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using tests::Collector;
using tests::Lab;
using tests::slurp;
using tests::spill;
using tests::ThrowsError;

class ArtifactTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    state_.settings.change(
        [](Settings& settings) { settings.set(Settings::kGlobal, "compression", GetParam()); });
    manifest_ = tests::create(state_);
  }
  fs::path file(std::size_t index) const {
    return lab_.backups_of(Lab::source()) / manifest_.artifacts[index].file;
  }
  void verify() { verify_artifacts(state_.targets.local(), manifest_, {}); }
  std::string read(std::size_t index) {
    Collector out;
    read_artifact(state_.targets.local(), manifest_, manifest_.artifacts[index], out, {});
    EXPECT_EQ(out.finished, 0) << "whoever asked finishes";
    return out.text;
  }

  Lab lab_;
  State state_ = lab_.open();
  Manifest manifest_;
};

TEST_P(ArtifactTest, ReadsThePlainBytes) {
  EXPECT_EQ(read(0), lab_.live().at("a"));
  EXPECT_EQ(read(1), lab_.live().at("b"));
  verify();
}

TEST_P(ArtifactTest, ReadsTheStoredBytes) {
  Collector out;
  read_stored(state_.targets.local(), manifest_, manifest_.artifacts[0], out, {});
  EXPECT_EQ(out.text, slurp(file(0)));
}

/// Counts what comes, and fails when much more than was announced does.
class Counter : public Sink {
 public:
  void write(std::string_view bytes) override { size += bytes.size(); }
  void finish() override {}
  std::uint64_t size = 0;
};

/// A file of a few KiB of which many GiB come out: it is left at the first byte too many.
TEST_P(ArtifactTest, ThatHoldsMoreThanItsManifestSaysIsLeftThere) {
  Artifact& artifact = manifest_.artifacts[0];
  Collector packed;
  Encoder in(parse_encoding(GetParam()).value(), packed);
  const std::string zeros(1024 * 1024, '\0');
  for (int i = 0; i < 64; ++i) in.write(zeros);
  in.finish();
  spill(file(0), packed.text);
  artifact.raw_size = 1'000'000;
  artifact.stored_size = packed.text.size();
  Counter out;
  EXPECT_THAT([&] { read_artifact(state_.targets.local(), manifest_, artifact, out, {}); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("it is larger than 976.6 KiB")));
  EXPECT_LE(out.size, artifact.raw_size);
}

TEST_P(ArtifactTest, WhoseFileIsLargerThanItsManifestSaysIsLeftThere) {
  spill(file(0), std::string(100'000'000, 'x'));
  Counter out;
  const Artifact& artifact = manifest_.artifacts[0];
  EXPECT_THAT([&] { read_stored(state_.targets.local(), manifest_, artifact, out, {}); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("it is larger than")));
  EXPECT_LE(out.size, artifact.stored_size);
}

TEST_P(ArtifactTest, OfAManifestWithoutEndIsDamage) {
  const std::string name = manifest_.id + ".json";
  spill(lab_.backups_of(Lab::source()) / name, std::string(limits::kManifest + 1, ' '));
  EXPECT_THAT([this] { load_manifest(state_.targets.local(), Lab::source(), manifest_.id); },
              ThrowsError(ErrorKind::kDamaged, HasSubstr("it is larger than 8.0 MiB")));
}

TEST_P(ArtifactTest, ThatIsMissingIsDamage) {
  fs::remove(file(1));
  EXPECT_THAT([this] { verify(); },
              ThrowsError(ErrorKind::kDamaged,
                          AllOf(HasSubstr(manifest_.artifacts[1].file), HasSubstr("missing"))));
}

TEST_P(ArtifactTest, WithAFlippedBitIsDamage) {
  const std::string good = slurp(file(1));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    spill(file(1), bad);
    ASSERT_THAT([this] { verify(); },
                ThrowsError(ErrorKind::kDamaged, HasSubstr(manifest_.artifacts[1].file)))
        << "byte " << at;
    Collector out;
    ASSERT_THAT(
        [&] { read_stored(state_.targets.local(), manifest_, manifest_.artifacts[1], out, {}); },
        ThrowsError(ErrorKind::kDamaged));
  }
}

TEST_P(ArtifactTest, CutOrGrownIsDamage) {
  const std::string good = slurp(file(0));
  for (const std::string& bad : {good.substr(0, good.size() - 1), good.substr(0, good.size() / 2),
                                 std::string(), good + "x", good + good}) {
    spill(file(0), bad);
    EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kDamaged)) << bad.size();
  }
}

TEST_P(ArtifactTest, OfAnotherBackupIsDamage) {
  lab_.set_live("one", {{"a", "another"}, {"b", "one"}});
  const Manifest other = tests::create(state_);
  fs::copy_file(lab_.backups_of(Lab::source()) / other.artifacts[0].file, file(0),
                fs::copy_options::overwrite_existing);
  EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("SHA-256")));
}

TEST_P(ArtifactTest, WithAnotherPlainDigestIsDamage) {
  manifest_.artifacts[0].raw_sha256[0] ^= 1;
  EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kDamaged, HasSubstr("plain dump")));
}

TEST_P(ArtifactTest, WithAnotherLengthIsDamage) {
  ++manifest_.artifacts[0].raw_size;
  EXPECT_THAT([this] { verify(); }, ThrowsError(ErrorKind::kDamaged));
}

TEST_P(ArtifactTest, PassesOnWhatTheReaderThrowsAsItIs) {
  tests::FullSink full(10);
  EXPECT_THAT(
      [&] { read_artifact(state_.targets.local(), manifest_, manifest_.artifacts[0], full, {}); },
      ThrowsError(ErrorKind::kNoSpace));
}

TEST_P(ArtifactTest, ReportsProgressAgainstThePlainSize) {
  std::uint64_t last = 0;
  verify_artifacts(state_.targets.local(), manifest_,
                   [&](const std::string& doing, std::uint64_t done, std::uint64_t expected) {
                     if (doing != "read a") return;
                     EXPECT_EQ(expected, manifest_.artifacts[0].raw_size);
                     EXPECT_GE(done, last);
                     last = done;
                   });
  EXPECT_EQ(last, manifest_.artifacts[0].raw_size);
}

INSTANTIATE_TEST_SUITE_P(Codecs, ArtifactTest, testing::Values("none", "gzip", "zstd"),
                         [](const auto& info) { return std::string(info.param); });

TEST(StagesOf, AreThoseOfTheManifestInItsOrder) {
  Manifest manifest;
  EXPECT_EQ(stages_of(manifest), Stages());
  manifest.stages = {"gzip"};
  EXPECT_EQ(stages_of(manifest), Stages{find_stage("gzip")});
  manifest.stages = {"gzip", "zstd"};
  EXPECT_EQ(stages_of(manifest), (Stages{find_stage("gzip"), find_stage("zstd")}));
}

TEST(StagesOf, OneThatThisVersionDoesNotKnowWantsANewerOne) {
  Manifest manifest;
  manifest.stages = {"zstd", "lz4"};
  EXPECT_THAT([&] { stages_of(manifest); },
              ThrowsError(ErrorKind::kFailed, AllOf(HasSubstr("'lz4'"), HasSubstr("update"))));
}

/// Each takes memory, and a manifest may come from anybody.
TEST(StagesOf, NoneStandsThereTwice) {
  Manifest manifest;
  manifest.stages = std::vector<std::string>(1000, "zstd");
  EXPECT_THROW(stages_of(manifest), Error);
}

}  // namespace
}  // namespace backups
