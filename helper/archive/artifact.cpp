#include "archive/artifact.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "hook/description.hpp"
#include "host/run.hpp"
#include "host/state.hpp"
#include "model/backup_id.hpp"
#include "model/opening.hpp"
#include "stream/compress.hpp"
#include "stream/digest.hpp"
#include "stream/limit.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// Passes bytes on and reports them; keeps `next` unfinished.
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

[[noreturn]] void damaged(const Artifact& artifact, const std::string& why) {
  throw Error(ErrorKind::kDamaged, artifact.file + " is damaged: " + why);
}

}  // namespace

Codec::Kind codec_of(const Manifest& manifest) {
  auto kind = Codec::Kind::kNone;
  for (const auto& stage : manifest.stages) {
    const auto found = codec_kind(stage);
    if (!found || kind != Codec::Kind::kNone)
      throw Error(ErrorKind::kFailed,
                  manifest.id + " uses the encoding '" + printable(stage) +
                      "', which this version does not support: update the plugin");
    kind = *found;
  }
  return kind;
}

std::string reader_for(const State& state, const Source& source, const Artifact& artifact) {
  if (const auto known = reader_of(artifact.kind, artifact.name)) return *known;
  try {
    const Run run(state, "describe", source);
    HookLog log{{}};
    for (const auto& planned : describe(state, run, log, source).artifacts)
      if (planned.kind == artifact.kind && !planned.opens_with.empty()) return planned.opens_with;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
  }
  return reader_or_file(artifact.kind, artifact.name);
}

std::string download_command(const State& state, const Manifest& manifest,
                             const Artifact& artifact) {
  std::string text = command("download") + " ";
  if (text.starts_with("backups-helper"))
    text += "--root " + shell_quote(state.root().string()) + " ";
  text += manifest.source.type + ":" + manifest.id;
  if (manifest.artifacts.size() > 1) text += " --artifact " + shell_quote(artifact.name);
  return text + " --raw | " +
         open_command(codec_of(manifest), "", reader_for(state, manifest.source, artifact));
}

void read_artifact(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& raw,
                   const Progress& progress) {
  Reporter reporter(raw, progress, artifact);
  DigestSink raw_digest(reporter);
  // Before anything is done with them: what is packed small may be without end.
  LimitSink raw_limit(artifact.raw_size, raw_digest);
  const auto decompressor = make_decompressor(codec_of(manifest), raw_limit);
  DigestSink stored_digest(decompressor ? static_cast<Sink&>(*decompressor) : raw_limit);
  LimitSink stored_limit(artifact.stored_size, stored_digest);
  bool found = false;
  try {
    found = store.get(key_of(manifest.source, artifact.file), stored_limit);
    if (found) stored_digest.finish();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    damaged(artifact, error.what());
  }
  if (!found) damaged(artifact, "the file is missing");
  if (stored_digest.digest() != Digest{artifact.stored_size, artifact.stored_sha256})
    damaged(artifact, "its SHA-256 does not match the manifest");
  if (raw_digest.digest() != Digest{artifact.raw_size, artifact.raw_sha256})
    damaged(artifact, "the SHA-256 of the plain dump does not match the manifest");
}

void read_stored(Store& store, const Manifest& manifest, const Artifact& artifact, Sink& stored,
                 const Progress& progress) {
  Reporter reporter(stored, progress, artifact);
  DigestSink digest(reporter);
  LimitSink limit(artifact.stored_size, digest);
  bool found = false;
  try {
    found = store.get(key_of(manifest.source, artifact.file), limit);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDamaged) throw;
    damaged(artifact, error.what());
  }
  if (!found) damaged(artifact, "the file is missing");
  digest.finish();
  if (digest.digest() != Digest{artifact.stored_size, artifact.stored_sha256})
    damaged(artifact, "its SHA-256 does not match the manifest");
}

void verify_artifacts(Store& store, const Manifest& manifest, const Progress& progress) {
  NullSink nowhere;
  for (const auto& artifact : manifest.artifacts)
    read_artifact(store, manifest, artifact, nowhere, progress);
}

}  // namespace backups
