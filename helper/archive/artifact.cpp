#include "archive/artifact.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
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
      throw Error(ErrorKind::kKey, manifest.id + " went through the stage '" + printable(stage) +
                                       "', which this version can't undo: update the plugin");
    kind = *found;
  }
  return kind;
}

std::string download_command(const State& state, const Manifest& manifest,
                             const Artifact& artifact) {
  std::string command = called_by_dokku() ? "dokku backups:download "
                                          : "backups-helper download --root " +
                                                shell_quote(state.root().string()) + " ";
  command += manifest.source.type + ":" + manifest.id;
  if (manifest.artifacts.size() > 1) command += " --artifact " + shell_quote(artifact.name);
  return command + " --raw | " +
         open_command(codec_of(manifest), "", reader_or_file(artifact.kind, artifact.name));
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
    damaged(artifact, "its SHA-256 is not that of the manifest");
  if (raw_digest.digest() != Digest{artifact.raw_size, artifact.raw_sha256})
    damaged(artifact, "the SHA-256 of the plain dump is not that of the manifest");
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
    damaged(artifact, "its SHA-256 is not that of the manifest");
}

void verify_artifacts(Store& store, const Manifest& manifest, const Progress& progress) {
  NullSink nowhere;
  for (const auto& artifact : manifest.artifacts)
    read_artifact(store, manifest, artifact, nowhere, progress);
}

}  // namespace backups
