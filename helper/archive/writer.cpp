#include "archive/writer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "inspect/inspector.hpp"
#include "model/backup_id.hpp"
#include "model/limits.hpp"
#include "model/opening.hpp"
#include "stream/pipeline.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// Checks that a dump begins as its hook said and is complete, and reports progress.
class Gate : public Sink {
 public:
  Gate(const PlannedArtifact& planned, ErrorKind bad, const Progress& progress, HookLog& log,
       Sink& next)
      : planned_(planned),
        bad_(bad),
        progress_(progress),
        log_(log),
        next_(next),
        expected_(planned.starts_with),
        inspector_(make_inspector(planned.inspector)) {}

  void write(std::string_view bytes) override {
    const auto checked = bytes.substr(0, std::min(bytes.size(), expected_.size()));
    if (!expected_.starts_with(checked)) unexpected();
    expected_.remove_prefix(checked.size());
    if (inspector_) inspector_->read(bytes);
    next_.write(bytes);
    done_ += bytes.size();
    if (progress_) progress_(planned_.name, done_, 0);
  }

  void finish() override {
    if (done_ == 0) throw Error(bad_, "the dump of " + printable(planned_.name) + " is empty");
    if (!expected_.empty()) unexpected();
    require_complete();
    next_.finish();
  }

 private:
  void require_complete() const {
    if (!inspector_) return;
    const Completeness verdict = inspector_->verdict();
    if (verdict.kind == Completeness::Kind::kIncomplete)
      throw Error(bad_,
                  "the dump of " + printable(planned_.name) + " is incomplete: " + verdict.why);
    if (verdict.kind == Completeness::Kind::kUnknown)
      log_.note("not checked whether the dump of " + printable(planned_.name) +
                " is complete: " + verdict.why);
  }

  [[noreturn]] void unexpected() const {
    throw Error(bad_, "the dump of " + printable(planned_.name) +
                          " does not begin with the signature of the format " +
                          printable(planned_.kind));
  }

  const PlannedArtifact& planned_;
  const ErrorKind bad_;
  const Progress& progress_;
  HookLog& log_;
  Sink& next_;
  std::string_view expected_;
  std::unique_ptr<Inspector> inspector_;
  std::uint64_t done_ = 0;
};

/// The hook says how to open kinds that this version does not know.
std::string reader_for(const PlannedArtifact& planned) {
  const auto known = reader_of(planned.kind, planned.name);
  if (known || planned.opens_with.empty()) return reader_or_file(planned.kind, planned.name);
  return planned.opens_with;
}

}  // namespace

Writer::Writer(Store& store, std::optional<DiskReserve> reserve, Written& written, HookLog& log,
               Manifest manifest, Encoding encoding, const Plan& plan, Progress progress)
    : store_(store),
      reserve_(std::move(reserve)),
      written_(written),
      log_(log),
      manifest_(std::move(manifest)),
      encoding_(std::move(encoding)),
      plan_(plan),
      progress_(std::move(progress)) {
  for (const auto& step : encoding_) manifest_.stages.emplace_back(step.stage->name);
}

Writer::~Writer() {
  if (committed_) return;
  try {
    written_.undo(store_);
  } catch (const Error&) {
    // The next command removes the files.
  }
}

std::string Writer::file_name(const PlannedArtifact& planned) const {
  const Stages stages = stages_of(encoding_);
  return plan_.artifacts == 1
             ? artifact_file(manifest_.id, stages)
             : artifact_file(manifest_.id, planned.name, manifest_.artifacts.size(), stages);
}

void Writer::add(const PlannedArtifact& planned, const std::function<void(Sink&)>& produce,
                 ErrorKind bad) {
  Artifact artifact;
  artifact.name = planned.name;
  artifact.kind = planned.kind;
  artifact.minimum_client = planned.minimum_client;
  artifact.extra = planned.extra;
  artifact.file = file_name(planned);
  for (const auto& other : manifest_.artifacts) {
    if (other.file == artifact.file)
      throw Error(ErrorKind::kFailed, "two artifacts have the name " + printable(planned.name));
  }
  artifact.open_command = open_command(stages_of(encoding_), artifact.file, reader_for(planned));

  put_noted(store_, written_, key_of(manifest_.source, artifact.file), plan_.expected_size,
            [&](Sink& file) {
              std::optional<DiskSpaceGuard> guard;
              if (reserve_) guard.emplace(*reserve_, file);
              Encoder encoder(encoding_, guard ? static_cast<Sink&>(*guard) : file);
              Gate gate(planned, bad, progress_, log_, encoder);
              produce(gate);
              gate.finish();
              artifact.raw_size = encoder.raw().size;
              artifact.raw_sha256 = encoder.raw().sha256;
              artifact.stored_size = encoder.stored().size;
              artifact.stored_sha256 = encoder.stored().sha256;
            });
  manifest_.artifacts.push_back(std::move(artifact));
}

Manifest Writer::commit(const std::function<void(Manifest&)>& amend) {
  if (manifest_.artifacts.empty() || manifest_.artifacts.size() + left_out_ != plan_.artifacts)
    throw Error(ErrorKind::kFailed, "an artifact of " + manifest_.id + " was not written");
  const interrupt::Shield shield(1, manifest_.id +
                                        " is complete and is being recorded. To discard it, stop "
                                        "it once more");
  manifest_.warnings = log_.warnings();
  manifest_.detail = log_.detail();
  // If the second of an id was taken, the id is of the next one, which may not have begun.
  manifest_.finished_at = std::max(now(), manifest_.started_at);
  if (amend) amend(manifest_);
  manifest_.suspect = printable(manifest_.suspect.substr(0, limits::kWarning));
  // Invalid UTF-8 is replaced. That cannot change an address, because such arguments are refused.
  manifest_.bytes = manifest_to_json(manifest_).dump(
                        2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                    "\n";
  parse_manifest(manifest_.bytes);  // never commit what cannot be read back
  put_noted(store_, written_, key_of(manifest_.source, manifest_file(manifest_.id)),
            manifest_.bytes.size(), [&](Sink& file) {
              file.write(manifest_.bytes);
              file.finish();
            });
  committed_ = true;
  return manifest_;
}

void put_noted(Store& store, Written& written, const std::string& key,
               std::optional<std::uint64_t> expected, const std::function<void(Sink&)>& fill) {
  written.begin(key, find_existing(store, key));
  try {
    fill(*store.put_new(key, expected));
  } catch (const KeyTaken&) {
    written.forget(key);
    throw;
  }
}

}  // namespace backups
