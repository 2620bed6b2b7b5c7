#include "archive/artifact.hpp"

#include <algorithm>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "host/run.hpp"
#include "host/state.hpp"
#include "model/backup_id.hpp"
#include "model/opening.hpp"
#include "stream/pipeline.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// Passes bytes on and reports progress. Does not finish `next`.
class Reporter : public Sink {
 public:
  Reporter(Sink& next, const Progress& progress, const Artifact& artifact)
      : next_(next), progress_(progress), artifact_(artifact) {}

  void write(std::string_view bytes) override {
    interrupt::check();
    next_.write(bytes);
    done_ += bytes.size();
    if (progress_) progress_("read " + artifact_.name, done_, artifact_.raw_size);
  }
  void finish() override {}

 private:
  Sink& next_;
  const Progress progress_;
  const Artifact& artifact_;
  std::uint64_t done_ = 0;
};

}  // namespace

Stages stages_of(const Manifest& manifest) {
  Stages stages;
  for (const auto& name : manifest.stages) {
    const Stage* stage = find_stage(name);
    if (stage == nullptr || std::find(stages.begin(), stages.end(), stage) != stages.end())
      throw Error(ErrorKind::kFailed,
                  manifest.id + " uses the encoding '" + printable(name) +
                      "', which this version does not support: update the plugin");
    stages.push_back(stage);
  }
  return stages;
}

const std::vector<PlannedArtifact>& Readers::planned() {
  if (planned_) return *planned_;
  planned_.emplace();
  try {
    const Run run(paths_, "describe", source_);
    HookLog log{{}};
    planned_ = describe(installed_, run, log, source_, kAdviceTimeouts).artifacts;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    log::warn("It is unknown which client opens the dumps of " + printable(source_.spelling()) +
              ", so the commands only decode them into a file: " + error.what());
  }
  return *planned_;
}

std::string Readers::of(const Artifact& artifact) {
  if (const auto known = reader_of(artifact.kind, artifact.name)) return *known;
  for (const auto& one : planned())
    if (one.kind == artifact.kind && !one.opens_with.empty()) return one.opens_with;
  return reader_or_file(artifact.kind, artifact.name);
}

std::string download_command(const Paths& paths, Readers& readers, const Manifest& manifest,
                             const Artifact& artifact) {
  std::string text = command("download") + " ";
  if (text.starts_with("backups-helper"))
    text += "--root " + shell_quote(paths.root.string()) + " ";
  text += manifest.source.type + ":" + manifest.id;
  if (manifest.artifacts.size() > 1) text += " --artifact " + shell_quote(artifact.name);
  return text + " --raw | " + open_command(stages_of(manifest), "", readers.of(artifact));
}

namespace {

void read(Store& store, const std::string& key, const Artifact& artifact, Decoder& decoder) {
  try {
    if (!store.get(key, decoder)) throw Error(ErrorKind::kDamaged, "the file is missing");
    decoder.finish();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    throw Error(ErrorKind::kDamaged, artifact.file + " is damaged: " + error.what());
  }
}

}  // namespace

void read_artifact(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& raw,
                   const Progress& progress) {
  Reporter reporter(raw, progress, artifact);
  Decoder decoder(stages_of(manifest), {artifact.stored_size, artifact.stored_sha256},
                  {artifact.raw_size, artifact.raw_sha256}, reporter);
  read(store, key_of(manifest.source, artifact.file), artifact, decoder);
}

void read_stored(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& stored,
                 const Progress& progress) {
  Reporter reporter(stored, progress, artifact);
  const Digest expected{artifact.stored_size, artifact.stored_sha256};
  Decoder decoder({}, expected, expected, reporter);
  read(store, key_of(manifest.source, artifact.file), artifact, decoder);
}

void verify_artifacts(Store& store, const Manifest& manifest, const Progress& progress) {
  NullSink nowhere;
  for (const auto& artifact : manifest.artifacts)
    read_artifact(store, manifest, artifact, nowhere, progress);
}

}  // namespace backups
