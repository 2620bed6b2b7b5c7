#include "engine/writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/room.hpp"
#include "model/backup_id.hpp"
#include "model/target.hpp"
#include "stream/compress.hpp"
#include "stream/digest.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// Checks the first bytes, and reports progress.
class Inspector : public Sink {
 public:
  Inspector(const PlannedArtifact& planned, const Progress& progress, Sink& next)
      : planned_(planned), progress_(progress), next_(next), expected_(planned.starts_with) {}

  void write(std::string_view bytes) override {
    const auto checked = bytes.substr(0, std::min(bytes.size(), expected_.size()));
    if (!expected_.starts_with(checked)) unexpected();
    expected_.remove_prefix(checked.size());
    next_.write(bytes);
    done_ += bytes.size();
    if (progress_) progress_(planned_.name, done_, 0);
  }

  void finish() override {
    if (done_ == 0)
      throw Error(ErrorKind::kFailed, "the exporter sent nothing for " + planned_.name);
    if (!expected_.empty()) unexpected();
    next_.finish();
  }

 private:
  [[noreturn]] void unexpected() const {
    throw Error(ErrorKind::kFailed, "the data of " + printable(planned_.name) +
                                        " does not begin as a " + planned_.kind + " does");
  }

  const PlannedArtifact& planned_;
  const Progress& progress_;
  Sink& next_;
  std::string_view expected_;
  std::uint64_t done_ = 0;
};

std::string open_command(const PlannedArtifact& planned, Codec::Kind codec,
                         const std::string& file) {
  return codec_reader(codec, file) + " | " +
         (planned.opens_with.empty() ? "cat" : planned.opens_with);
}

}  // namespace

Writer::Writer(State& state, Written& written, const std::string& target, Manifest manifest,
               Codec codec, std::size_t artifacts, Progress progress)
    : state_(state),
      written_(written),
      target_(target),
      store_(state.store(target, manifest.host)),
      manifest_(std::move(manifest)),
      codec_(codec),
      artifacts_(artifacts),
      progress_(std::move(progress)) {
  if (codec.kind != Codec::Kind::kNone) manifest_.stages = {codec_name(codec.kind)};
}

Writer::~Writer() {
  if (committed_) return;
  try {
    written_.undo(store_);
  } catch (const Error&) {
    // The next command does it.
  }
}

std::string Writer::file_name(const PlannedArtifact& planned) const {
  return artifacts_ == 1
             ? artifact_file(manifest_.id, codec_.kind)
             : artifact_file(manifest_.id, planned.name, manifest_.artifacts.size(), codec_.kind);
}

void Writer::add(const PlannedArtifact& planned, const std::function<void(Sink&)>& produce) {
  Artifact artifact;
  artifact.name = planned.name;
  artifact.kind = planned.kind;
  artifact.minimum_client = planned.minimum_client;
  artifact.extra = planned.extra;
  artifact.file = file_name(planned);
  for (const auto& other : manifest_.artifacts) {
    if (other.file == artifact.file)
      throw Error(ErrorKind::kFailed, "two artifacts are called " + printable(planned.name));
  }
  artifact.open_command = open_command(planned, codec_.kind, artifact.file);

  put_noted(store_, written_, key_of(manifest_.source, artifact.file), [&](Sink& file) {
    RoomGuard guard(state_, manifest_.source, file);
    DigestSink stored(target_ == kLocalTarget ? static_cast<Sink&>(guard) : file);
    const auto compressor = make_compressor(codec_, stored);
    // Without a compressor the stored bytes are the plain ones.
    std::optional<DigestSink> plain;
    if (compressor) plain.emplace(*compressor);
    DigestSink& raw = plain ? *plain : stored;
    Inspector inspector(planned, progress_, raw);
    produce(inspector);
    inspector.finish();
    artifact.raw_size = raw.digest().size;
    artifact.raw_sha256 = raw.digest().sha256;
    artifact.stored_size = stored.digest().size;
    artifact.stored_sha256 = stored.digest().sha256;
  });
  manifest_.artifacts.push_back(std::move(artifact));
}

Manifest Writer::commit(const HookLog& log, const std::function<void(Manifest&)>& judge) {
  if (manifest_.artifacts.empty() || manifest_.artifacts.size() + left_out_ != artifacts_)
    throw Error(ErrorKind::kFailed, "an artifact of " + manifest_.id + " was left out");
  const interrupt::Shield shield;
  manifest_.warnings = log.warnings();
  manifest_.detail = log.detail();
  // An id whose second was taken is of the next one, which may not have begun.
  manifest_.finished_at = std::max(now(), manifest_.started_at);
  if (judge) judge(manifest_);
  // Replaced here would be an address that names nothing: the words of a person are refused before.
  manifest_.text = manifest_to_json(manifest_).dump(
                       2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                   "\n";
  put_noted(store_, written_, key_of(manifest_.source, manifest_file(manifest_.id)),
            [&](Sink& file) {
              file.write(manifest_.text);
              file.finish();
            });
  committed_ = true;
  return manifest_;
}

void put_noted(Store& store, Written& written, const std::string& key,
               const std::function<void(Sink&)>& fill) {
  written.begin(store, key);
  try {
    fill(*store.put_new(key));
  } catch (const KeyTaken&) {
    written.forget(key);
    throw;
  }
}

}  // namespace backups
