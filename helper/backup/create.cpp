#include "backup/create.hpp"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "archive/disk_reserve.hpp"
#include "archive/writer.hpp"
#include "backup/suspect.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "copies/copy.hpp"
#include "hook/description.hpp"
#include "host/identity.hpp"
#include "host/version.hpp"
#include "model/artifact_choice.hpp"
#include "model/limits.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// If disk space is short, removes old suspect backups. Retention does not remove them, so that one
/// intended purge would otherwise fill the disk and end all backups.
void make_room(State& state, const Source& source, const Description& description) {
  const DiskReserve reserve(state.paths, state.settings, source);
  if (const auto missing = reserve.missing(state.catalog.open(), description); missing > 0)
    free_suspects(state.paths, state.settings, state.identity, state.targets, state.catalog, source,
                  missing);
  reserve.require_space(state.catalog.open(), description);
}

/// One attempt at a backup. Its run (with a lock that lasts as long as the process), its row and
/// its log exist before the first byte is written, so that whatever happens, others see the attempt
/// and recovery can settle it.
class Attempt {
 public:
  Attempt(State& state, const CreateRequest& request)
      : state_(state),
        request_(request),
        run_(state.paths, kCreateVerb, request.source),
        row_(state.catalog.open().begin(request.source, now(), request.trigger, request.label,
                                        request.schedule)),
        log_(state.paths.log_file(request.source, row_.id)),
        target_(first_target(state.settings.read(), request.targets)),
        host_(target_ == kLocalTarget ? "" : state.identity.read().name),
        written_(run_.notes()) {
    run_.set_backup(row_.id);
    run_.set_target(target_, host_);
    state.catalog.open().mark_copy(row_, {target_, CopyStatus::kInProgress, "", {}, host_});
    // The tick makes copies that failed, so that those to the other targets are made even if this
    // process dies before it begins them.
    for (const auto& other : request.targets)
      if (other != target_)
        state.catalog.open().mark_copy(row_, {other, CopyStatus::kFailed, "it is queued", {}});
  }

  /// Lets `work` write the files and records the outcome. The manifest is the commit: if the
  /// success cannot be recorded after that, the run remains and recovery records it.
  Manifest make(const std::function<Manifest(const Description&)>& work) {
    const Manifest manifest = attempt(work);
    // Before the success is recorded, since a follower of the log stops reading then.
    log_.note("success: " + human_size(manifest.stored_size()) + " stored, " +
              human_size(manifest.raw_size()) + " plain");
    try {
      state_.catalog.open().succeed(row_, manifest, target_, host_);
      if (target_ != kLocalTarget)
        record_copy(state_.targets, state_.catalog, row_, target_, host_,
                    state_.targets.open(target_, host_).last_etag());
    } catch (const Error&) {
      run_.keep();
      throw;
    }
    return manifest;
  }

  /// Writes the files to the first target.
  Writer writer(const Description& description, std::size_t artifacts, const Progress& progress) {
    std::optional<DiskReserve> reserve;
    if (target_ == kLocalTarget) reserve.emplace(state_.paths, state_.settings, request_.source);
    const std::string source = request_.source.text();
    return {state_.targets.open(target_, host_),
            std::move(reserve),
            written_,
            log_,
            new_manifest(description),
            state_.settings.read().compression(source),
            {artifacts, expected_size(state_.catalog.open(), request_.source, description)},
            progress};
  }
  /// Compares with earlier backups, which only advises: if that fails, the backup is made anyway.
  void record_suspicion(Manifest& manifest) {
    try {
      const Suspicion found =
          suspicion(state_.paths, state_.settings, state_.catalog.open(), manifest);
      manifest.suspect = found.why;
      manifest.reference = found.reference;
    } catch (const std::exception& error) {
      const std::string warning =
          std::string("it was not compared with earlier backups: ") + error.what();
      if (manifest.warnings.size() < limits::kWarnings) manifest.warnings.push_back(warning);
      log::warn(manifest.id + ": " + warning);
      log_.note(warning);
    }
  }

  const Run& run() const { return run_; }
  HookLog& log() { return log_; }

 private:
  Manifest new_manifest(const Description& description) const {
    Manifest manifest;
    manifest.id = row_.id;
    manifest.source = request_.source;
    const HostIdentity host = state_.identity.read();
    manifest.host = host_.empty() ? host.name : host_;
    manifest.writer = host.writers.back();
    manifest.plugin_version = kVersion;
    manifest.engine = description.engine;
    manifest.engine_version = description.version;
    manifest.image = description.image;
    manifest.image_id = description.image_id;
    manifest.identity = description.identity;
    manifest.trigger = request_.trigger;
    manifest.schedule = request_.schedule;
    manifest.label = request_.label;
    manifest.sequence = row_.sequence;
    manifest.started_at = row_.started_at;
    return manifest;
  }

  /// Checks first whatever would make an export of hours useless: that the source exists and runs,
  /// that its artifacts can be restored, and that they fit on the disk.
  Manifest attempt(const std::function<Manifest(const Description&)>& work) {
    bool found = false;
    try {
      const Description description = describe(state_.hooks, run_, log_, request_.source);
      if (!description.exists())
        throw Error(ErrorKind::kNotFound, "source " + request_.source.spelling() + " not found");
      found = true;
      require_running(description, request_.source);
      require_restorable(state_.hooks, description, request_.source);
      if (target_ == kLocalTarget) make_room(state_, request_.source, description);
      for (const auto& warning : description.warnings) log_.warn(warning);
      return work(description);
    } catch (const Error& error) {
      const bool no_source =
          error.kind() == ErrorKind::kNotFound || error.kind() == ErrorKind::kBadInput;
      // A mistyped source is not a failed backup; the missing source of a schedule is.
      if ((!found && no_source && request_.schedule.empty()) ||
          request_.trigger == Trigger::kAdopt) {
        forget();
      } else {
        const bool stopped = error.kind() == ErrorKind::kCancelled && interrupt::by_person();
        fail(error.what(), stopped ? FailureReason::kCancelled : FailureReason::kError);
      }
      throw;
    } catch (const std::exception& error) {
      fail(error.what(), FailureReason::kError);
      throw;
    }
  }

  /// Removes the row and the log.
  void forget() {
    state_.catalog.open().forget(row_);
    const fs::path log = state_.paths.log_file(request_.source, row_.id);
    remove_durably(log);
    std::error_code other_logs;
    fs::remove(log.parent_path(), other_logs);
  }

  /// Records the reason before it cleans up, which may fail too.
  void fail(const std::string& why, FailureReason reason) {
    log_.note("failed: " + why);
    try {
      state_.catalog.open().fail(row_, why, now(), reason);
      written_.undo(state_.targets.open(target_, host_));
      state_.catalog.open().mark_copy(row_, {target_, CopyStatus::kFailed, "", {}});
      sweep_hooks(state_.hooks, state_.paths, run_.record());
    } catch (const Error& error) {
      log_.note(error.what());
      run_.keep();  // recovery cleans up
    }
  }

  State& state_;
  const CreateRequest& request_;
  Run run_;
  Backup row_;
  HookLog log_;
  std::string target_;  // the first target
  std::string host_;    // the host name below which it is stored there; empty for local
  Written written_;
};

Timeouts timeouts_for(const Settings& settings, const Source& source) {
  return {std::chrono::seconds(settings.seconds(source.text(), "start-timeout")),
          std::chrono::seconds(settings.seconds(source.text(), "silence-timeout"))};
}

/// Passes an adopted dump on and lets the engine's own tools read it at the same time (`check`).
class CheckedInput : public Sink {
 public:
  CheckedInput(const Hooks& installed, const Run& run, HookLog& log, const Source& source,
               const std::string& artifact, Sink& next)
      : next_(next) {
    if (has_hook(installed, source.type, "check"))
      hook_.emplace(installed, run, log, source.type, "check",
                    std::vector<std::string>{source.address, artifact}, Hook::Input::kPipe);
  }

  void write(std::string_view bytes) override {
    next_.write(bytes);
    if (hook_) hook_->input().write(bytes);
  }

  /// Throws Error if they cannot read it. Does not finish `next`.
  void finish() override {
    if (!hook_) return;
    NullSink nowhere;
    hook_->input().finish();
    hook_->copy_output(nowhere, kLongestTimeouts);
    hook_->wait();
  }

 private:
  Sink& next_;
  std::optional<Hook> hook_;
};

/// Reads the next bytes, none at the end. A request to stop ends the wait for them.
std::string read_input(int input) {
  std::string bytes(1024 * 1024, '\0');
  pollfd waited[2] = {{input, POLLIN, 0}, {interrupt::poll_fd(), POLLIN, 0}};
  ::poll(waited, 2, -1);
  interrupt::check();
  bytes.resize(read_some(input, bytes.data(), bytes.size(), "the dump"));
  return bytes;
}

/// Knows whether anything was written.
class Counter : public Sink {
 public:
  explicit Counter(Sink& next) : next_(next) {}
  void write(std::string_view bytes) override {
    next_.write(bytes);
    any_ = any_ || !bytes.empty();
  }
  void finish() override {}
  bool any() const { return any_; }

 private:
  Sink& next_;
  bool any_ = false;
};

/// Thrown if a planned artifact is no longer in the source.
struct SourceGone {};

/// Exports one artifact. An exporter that fails before its first byte is started once more: a table
/// may have been dropped, or the server restarted, just as the dump began.
class Exporter {
 public:
  Exporter(const Hooks& installed, const Paths& paths, const Source& source, Attempt& attempt,
           const Timeouts& timeouts)
      : hooks_(installed), paths_(paths), source_(source), attempt_(attempt), timeouts_(timeouts) {}

  /// Throws Error, or SourceGone.
  void run(const PlannedArtifact& artifact, Sink& sink) const {
    try {
      run_once(artifact, sink);
    } catch (const Untouched& failure) {
      attempt_.log().note("retrying, since nothing was written yet: " + failure.error);
      sweep_hooks(hooks_, paths_, attempt_.run().record());
      const Description now = describe(hooks_, attempt_.run(), attempt_.log(), source_);
      require_running(now, source_);
      const bool there = std::any_of(now.artifacts.begin(), now.artifacts.end(),
                                     [&](const auto& it) { return it.name == artifact.name; });
      if (!there) throw SourceGone{};
      try {
        run_once(artifact, sink);
      } catch (const Untouched& again) {
        throw Error(ErrorKind::kFailed, again.error);
      }
    }
  }

 private:
  /// The exporter failed before its first byte.
  struct Untouched {
    std::string error;
  };

  void run_once(const PlannedArtifact& artifact, Sink& sink) const {
    Counter counter(sink);
    Hook hook(hooks_, attempt_.run(), attempt_.log(), source_.type, "export",
              {source_.address, artifact.name});
    hook.copy_output(counter, timeouts_);
    try {
      hook.wait();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kFailed || counter.any()) throw;
      throw Untouched{error.what()};
    }
  }

  const Hooks& hooks_;
  const Paths& paths_;
  const Source& source_;
  Attempt& attempt_;
  Timeouts timeouts_;
};

/// The artifact that an adopted dump becomes.
const PlannedArtifact& pick(const Description& description, const std::optional<std::string>& name,
                            const Source& source) {
  std::vector<ArtifactOption> options;
  for (const auto& artifact : description.artifacts)
    options.push_back({artifact.name, artifact.auxiliary});
  return description.artifacts[choose_artifact(source.spelling(), options, name)];
}

}  // namespace

std::string first_target(const Settings& settings, const std::vector<std::string>& targets) {
  if (std::find(targets.begin(), targets.end(), kLocalTarget) != targets.end()) return kLocalTarget;
  const auto first = std::find_if(targets.begin(), targets.end(), [&](const auto& name) {
    return settings.targets.contains(name);
  });
  return first == targets.end() ? kLocalTarget : *first;
}

Manifest create_backup(State& state, const CreateRequest& request, const Progress& progress) {
  Attempt attempt(state, request);
  const Exporter exporter(state.hooks, state.paths, request.source, attempt,
                          timeouts_for(state.settings.read(), request.source));
  const auto work = [&](const Description& description) {
    // Every artifact streams from its exporter to the first target, and counts only if the exporter
    // exits 0. The manifest, which makes them a backup, is written last.
    Writer writer = attempt.writer(description, description.artifacts.size(), progress);
    for (const auto& artifact : description.artifacts) {
      try {
        writer.add(artifact, [&](Sink& sink) { exporter.run(artifact, sink); });
      } catch (const SourceGone&) {
        attempt.log().warn(artifact.name + " of " + request.source.spelling() +
                           " was removed while the backup was running and is not included");
        writer.leave_out();
      }
    }
    return writer.commit([&](Manifest& made) { attempt.record_suspicion(made); });
  };
  return attempt.make(work);
}

Manifest adopt_backup(State& state, const CreateRequest& request,
                      const std::optional<std::string>& artifact, int input,
                      const Progress& progress) {
  // Empty input is not an attempt: the program before the pipe probably failed.
  std::string bytes = read_input(input);
  if (bytes.empty())
    throw Error(ErrorKind::kBadInput, "no dump was given on stdin: " + command("adopt") + " " +
                                          request.source.spelling() + " < dump");
  Attempt attempt(state, request);
  const auto work = [&](const Description& description) {
    const PlannedArtifact& planned = pick(description, artifact, request.source);
    Writer writer = attempt.writer(description, 1, progress);
    writer.add(
        planned,
        [&](Sink& sink) {
          CheckedInput checked(state.hooks, attempt.run(), attempt.log(), request.source,
                               planned.name, sink);
          for (; !bytes.empty(); bytes = read_input(input)) checked.write(bytes);
          checked.finish();
        },
        ErrorKind::kDamaged);
    return writer.commit([&](Manifest& made) { attempt.record_suspicion(made); });
  };
  return attempt.make(work);
}

}  // namespace backups
