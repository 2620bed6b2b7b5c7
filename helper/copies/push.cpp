// Copying a backup that is there to another target: push_backup() of copies/copy.hpp.
#include <algorithm>
#include <set>

#include "archive/writer.hpp"
#include "base/command.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "copies/copy.hpp"
#include "host/identity.hpp"
#include "host/manifest_file.hpp"
#include "host/run.hpp"
#include "model/backup_id.hpp"
#include "model/limits.hpp"
#include "model/target.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// What goes wrong where a copy goes to is not the fault of where it comes from.
template <typename Work>
auto writing(const Work& work) {
  try {
    return work();
  } catch (const KeyTaken&) {
    throw;
  } catch (const Error& error) {
    throw StopFallback(error);
  }
}

class Outgoing : public Sink {
 public:
  explicit Outgoing(std::unique_ptr<Sink> next) : next_(std::move(next)) {}
  void write(std::string_view bytes) override {
    writing([&] { next_->write(bytes); });
  }
  void finish() override {
    writing([&] { next_->finish(); });
  }

 private:
  std::unique_ptr<Sink> next_;
};

/// One attempt at a copy: what is there already is looked at first, and only what this host wrote
/// there before is replaced.
class Push {
 public:
  Push(const Paths& paths, Targets& targets, CatalogFile& catalog, const Events& events,
       const Backup& backup, const Manifest& manifest, const std::string& target, Progress progress)
      : paths_(paths),
        targets_(targets),
        catalog_(catalog),
        events_(events),
        backup_(backup),
        manifest_(manifest),
        target_(target),
        host_(target == kLocalTarget ? "" : manifest.host),
        progress_(std::move(progress)),
        run_(paths, kPushVerb, backup.source),
        written_(run_.notes()) {
    run_.set_backup(backup.id);
    run_.set_target(target, host_);
    catalog.open().mark_copy(backup, {target, CopyStatus::kInProgress, "", {}, host_});
  }

  Pushed work() {
    try {
      Store& to = targets_.open(target_, host_);
      look(to);
      const auto is_complete = [&](const auto& artifact) { return is_there(to, artifact); };
      const bool complete =
          same_ && std::all_of(manifest_.artifacts.begin(), manifest_.artifacts.end(), is_complete);
      if (!complete) copy(to);
      record_copy(targets_, catalog_, backup_, target_, host_, complete ? etag_ : to.last_etag());
      return complete ? Pushed::kAdopted : Pushed::kCopied;
    } catch (const Error& error) {
      give_up(error.what());
      throw Error(error.kind(), "the copy to " + target_ + " failed: " + error.what());
    }
  }

 private:
  /// Whether what is there is this backup, nothing, or what an attempt of ours has left damaged.
  /// Throws Error, kRefused, where it is anything else.
  void look(Store& to) {
    const Copy* before = backup_.copy_on(target_);
    ours_ = before != nullptr && before->status != CopyStatus::kDeleted &&
            before->status != CopyStatus::kLeft;
    const std::string key = key_of(backup_.source, manifest_file(backup_.id));
    const auto found = look_at(to, key);
    if (!found) return;
    const bool too_long = found->size > limits::kManifest;
    const auto text = too_long ? "" : read_manifest_text(to, key);
    if (!text) return;
    etag_ = found->etag;
    same_ = *text == manifest_.bytes;
    replaces_manifest_ = !same_ && (too_long ? ours_ : is_garbage(*text));
    if (!same_ && !replaces_manifest_)
      throw Error(ErrorKind::kRefused, "another backup is already stored there as " + backup_.id +
                                           ", and was left unchanged: see " + command("sync") +
                                           " " + target_);
    ours_ = true;
  }

  /// Cut off, or not what we wrote and nothing that can be read: no backup any more.
  bool is_garbage(const std::string& text) const {
    try {
      parse_manifest(text);
      return false;
    } catch (const Error&) {
      return ours_ || !text.ends_with("}\n");
    }
  }

  /// By its size, and by its bytes where the copy is known to be damaged.
  bool is_there(Store& to, const Artifact& artifact) {
    const auto found = look_at(to, key_of(manifest_.source, artifact.file));
    if (!found || found->size != artifact.stored_size) return false;
    const Copy* before = backup_.copy_on(target_);
    return before == nullptr || before->status != CopyStatus::kDamaged ||
           is_same(to, artifact, *found);
  }

  /// What is ours is replaced in one step: the old one is there until the new one is complete.
  void copy(Store& to) {
    try_copies(
        targets_, catalog_, backup_,
        [&](Store& from, const std::string& name) {
          known_manifest(events_, from, backup_, name);
          for (const auto& artifact : manifest_.artifacts)
            if (!done_.contains(artifact.file)) copy_artifact(from, name, to, artifact);
        },
        target_);
    if (same_) return;
    const std::string key = key_of(manifest_.source, manifest_file(manifest_.id));
    const auto fill = [&](Sink& file) {
      file.write(manifest_.bytes);
      file.finish();
    };
    if (replaces_manifest_) return fill(*to.put(key));
    put_noted(to, written_, key, manifest_.bytes.size(), fill);
  }

  void copy_artifact(Store& from, const std::string& from_target, Store& to,
                     const Artifact& artifact) {
    const std::string key = key_of(manifest_.source, artifact.file);
    bool replaces = false;
    if (!written_.contains(key)) {  // else cut off: where it came from is damaged
      const auto found = writing([&] { return look_at(to, key); });
      replaces = ours_ && found;
      if (!replaces && found && is_same(to, artifact, *found)) return;
      if (!replaces) writing([&] { written_.begin(key, found); });
    }
    try {
      if (from_target == kLocalTarget) {
        // Read twice, so that parts of any size need no memory.
        NullSink nowhere;
        read_stored(from, manifest_, artifact, nowhere, progress_);
        const fs::path file = paths_.root / key;
        writing([&] { replaces ? to.put_file(key, file) : to.put_new_file(key, file); });
      } else {
        Outgoing out(writing([&] {
          return replaces ? to.put(key, artifact.stored_size)
                          : to.put_new(key, artifact.stored_size);
        }));
        read_stored(from, manifest_, artifact, out, progress_);
        out.finish();
      }
      done_.insert(artifact.file);
    } catch (const KeyTaken& error) {
      written_.forget(key);
      throw StopFallback(error);
    }
  }

  /// An artifact without a manifest may be what an attempt has left that nobody remembers.
  bool is_same(Store& to, const Artifact& artifact, const Store::Entry& found) {
    return writing([&] {
      if (found.size != artifact.stored_size) return false;
      try {
        NullSink nowhere;
        read_stored(to, manifest_, artifact, nowhere, progress_);
        return true;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kDamaged) throw;
        return false;
      }
    });
  }

  void give_up(const std::string& why) {
    const interrupt::Shield shield;
    try {
      written_.undo(targets_.open(target_, host_));
    } catch (const Error& error) {
      run_.keep();
      log::warn("Could not remove the partial copy of " + backup_.id + " to " + target_ + " (" +
                error.what() + "): it is tried again later");
    }
    // One that was there before is there still, as good as it was.
    const Copy* before = backup_.copy_on(target_);
    const bool was_there = before != nullptr && (before->status == CopyStatus::kSuccess ||
                                                 before->status == CopyStatus::kDamaged);
    catalog_.open().mark_copy(
        backup_, {target_, was_there ? before->status : CopyStatus::kFailed, why, {}, host_});
  }

  const Paths& paths_;
  Targets& targets_;
  CatalogFile& catalog_;
  const Events& events_;
  const Backup& backup_;
  const Manifest& manifest_;
  const std::string target_;
  const std::string host_;
  const Progress progress_;
  Run run_;
  Written written_;
  std::set<std::string> done_;      // artifacts that are there, by file
  std::string etag_;                // of the manifest that was there
  bool ours_ = false;               // what is there was put by this host
  bool same_ = false;               // the manifest is there
  bool replaces_manifest_ = false;  // what is there is none any more
};

}  // namespace

Pushed push_backup(const Paths& paths, Targets& targets, CatalogFile& catalog, const Events& events,
                   const Backup& backup, const std::string& target, const Progress& progress) {
  Manifest manifest;
  try {
    manifest = any_manifest(targets, catalog, events, backup);
  } catch (const Error& error) {
    for (const CopyStatus status :
         {CopyStatus::kInProgress, CopyStatus::kFailed})  // that is an attempt, too
      catalog.open().mark_copy(backup, {target, status, error.what(), {}});
    throw Error(error.kind(), "the copy to " + target + " failed: " + error.what());
  }
  return Push(paths, targets, catalog, events, backup, manifest, target, progress).work();
}

}  // namespace backups
