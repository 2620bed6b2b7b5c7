// Copying an existing backup to another target: push_backup() of copies/copy.hpp.
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

/// Does work on the target that is written to. Its errors must not make try_copies() read from
/// another copy, which would not help.
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

/// Passes bytes on to the target that is written to.
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

/// One attempt at a copy. Its run, whose notes list the keys that it writes, and the row of the
/// copy exist before the first byte is written, so that recovery can remove what a process that
/// dies leaves.
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

  /// Looks first at what the target already has: nothing, this backup (complete, or what an earlier
  /// attempt left), or another one under the same name, which must not be touched. Then copies what
  /// is missing, the manifest last, and records the copy. On a failure, only the keys that this
  /// attempt has noted are removed.
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
  /// Finds out whether the manifest there is that of this backup, missing, or damaged so that it
  /// may be replaced. Throws Error, kRefused, if it is anything else. A copy that the catalog knows
  /// was written by this host, so that its files may be replaced too.
  void look(Store& to) {
    const Copy* before = backup_.copy_on(target_);
    ours_ = before != nullptr && before->status != CopyStatus::kDeleted &&
            before->status != CopyStatus::kLeft;
    const std::string key = key_of(backup_.source, manifest_file(backup_.id));
    const auto found = find_existing(to, key);
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

  /// True for bytes that are not a manifest. Where this host has written before, they are damage to
  /// its copy. Elsewhere only a manifest that was cut off may be replaced, since a newer version of
  /// this plugin may have written one that this version cannot read.
  bool is_garbage(const std::string& text) const {
    try {
      parse_manifest(text);
      return false;
    } catch (const Error&) {
      return ours_ || !text.ends_with("}\n");
    }
  }

  /// True if the artifact is there with the right size. Its bytes are compared only if the copy is
  /// known to be damaged, since that reads it completely.
  bool is_there(Store& to, const Artifact& artifact) {
    const auto found = find_existing(to, key_of(manifest_.source, artifact.file));
    if (!found || found->size != artifact.stored_size) return false;
    const Copy* before = backup_.copy_on(target_);
    return before == nullptr || before->status != CopyStatus::kDamaged ||
           is_same(to, artifact, *found);
  }

  /// Copies the artifacts from the nearest good copy, continuing with the next one if that is
  /// damaged, and then the manifest, which makes them a backup. A file of ours is replaced in one
  /// step: the old one remains until the new one is complete.
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

  /// Copies one artifact, unless the target has the same bytes. A key that another process takes
  /// meanwhile is taken off the notes, since its object is not ours to remove.
  void copy_artifact(Store& from, const std::string& from_target, Store& to,
                     const Artifact& artifact) {
    const std::string key = key_of(manifest_.source, artifact.file);
    bool replaces = false;
    if (!written_.contains(key)) {  // otherwise this attempt began it from a damaged copy
      const auto found = writing([&] { return find_existing(to, key); });
      replaces = ours_ && found;
      if (!replaces && found && is_same(to, artifact, *found)) return;
      if (!replaces) writing([&] { written_.begin(key, found); });
    }
    try {
      if (from_target == kLocalTarget) {
        // Checked first and then sent from the file, so that large parts need no memory.
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

  /// True if the object has the bytes of the artifact, as one that an earlier attempt left whose
  /// catalog was lost. Such an object is used and not written again.
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

  /// Removes what this attempt has written and records the failure. A request to stop does not
  /// interrupt that; what cannot be removed now is left to recovery.
  void give_up(const std::string& why) {
    const interrupt::Shield shield;
    try {
      written_.undo(targets_.open(target_, host_));
    } catch (const Error& error) {
      run_.keep();
      log::warn("Could not remove the partial copy of " + backup_.id + " to " + target_ + " (" +
                error.what() + "): it is tried again later");
    }
    // A copy that existed before this attempt still exists, in the same state.
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
  std::set<std::string> done_;      // artifacts that are copied, by file
  std::string etag_;                // of the manifest that was found
  bool ours_ = false;               // the files that were found were written by this host
  bool same_ = false;               // the manifest that was found is that of this backup
  bool replaces_manifest_ = false;  // the manifest that was found is damaged
};

}  // namespace

Pushed push_backup(const Paths& paths, Targets& targets, CatalogFile& catalog, const Events& events,
                   const Backup& backup, const std::string& target, const Progress& progress) {
  Manifest manifest;
  try {
    manifest = any_manifest(targets, catalog, events, backup);
  } catch (const Error& error) {
    // Recorded as an attempt that began and failed, so that the next one is delayed.
    for (const CopyStatus status : {CopyStatus::kInProgress, CopyStatus::kFailed})
      catalog.open().mark_copy(backup, {target, status, error.what(), {}});
    throw Error(error.kind(), "the copy to " + target + " failed: " + error.what());
  }
  return Push(paths, targets, catalog, events, backup, manifest, target, progress).work();
}

}  // namespace backups
