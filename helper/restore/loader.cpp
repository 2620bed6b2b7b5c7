#include "restore/loader.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

/// `abandon` prints this last if the restored data is in place.
constexpr const char* kRestored = "restored";
/// The staging id under which `abandon` cleans up after an import in place.
constexpr const char* kInPlace = "inplace";

}  // namespace

Loader::Loader(const Hooks& installed, const Paths& paths, Run& run, HookLog& log,
               const Source& target, const HookSet& hooks, RestoreMethod method,
               std::function<void()> check_losses)
    : installed_(installed),
      paths_(paths),
      run_(run),
      log_(log),
      target_(target),
      hooks_(hooks),
      method_(method),
      check_losses_(std::move(check_losses)) {}

void Loader::load(const Manifest& manifest, Store& store, const Progress& progress) {
  write_artifact_list(manifest);
  if (method_ == RestoreMethod::kInPlace || method_ == RestoreMethod::kAtomic) {
    load_in_place(manifest, store, progress);
  } else {
    load_staged(manifest, store, progress);
  }
}

void Loader::rehearse(const Manifest& manifest, Store& store, const Progress& progress) {
  write_artifact_list(manifest);
  for (const auto& artifact : manifest.artifacts)
    feed("rehearse", manifest, artifact, store, {target_.address, artifact.name}, progress);
}

void Loader::rehearse_beside(const Manifest& manifest, Store& store, bool whole,
                             const Progress& progress) {
  write_artifact_list(manifest);
  const std::string where = random_hex(4);
  run_.set_place(where);
  try {
    call("prepare", where, kLongestTimeouts);
    for (const auto& artifact : manifest.artifacts) {
      const std::vector<std::string> arguments = {target_.address, artifact.name, where};
      if (whole) {
        import(manifest, artifact, store, arguments, progress);
      } else {
        feed("rehearse", manifest, artifact, store, arguments, progress);
      }
    }
  } catch (const std::exception& error) {
    log_.note("the rehearsal failed: " + std::string(error.what()));
    const Found found = abandon(where);
    throw failure(error, found);
  }
  if (const Found found = abandon(where); !found.words.empty())
    throw Error(ErrorKind::kFailed, found.words);
  run_.set_place("");
}

/// Tells the hooks, which get one artifact at a time, about all of them: names, kinds, sizes, and
/// whatever the exporter had reported beyond that (`extra`).
void Loader::write_artifact_list(const Manifest& manifest) const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& artifact : manifest.artifacts) {
    auto entry =
        nlohmann::ordered_json::parse(artifact.extra.empty() ? "{}" : shallow(artifact.extra));
    entry["name"] = artifact.name;
    entry["kind"] = artifact.kind;
    entry["raw_size"] = artifact.raw_size;
    list.push_back(entry);
  }
  write_file_atomically(artifact_list(run_), list.dump() + "\n");
}

/// Writes over the live data. Unless the hooks do that in one transaction, the run states from the
/// first byte on that the data may be incomplete (replacing()), and the caller must roll back a
/// failure.
void Loader::load_in_place(const Manifest& manifest, Store& store, const Progress& progress) {
  if (method_ == RestoreMethod::kInPlace) run_.set_place(kInPlace);
  for (const auto& artifact : manifest.artifacts) {
    replacing([&] {
      try {
        import(manifest, artifact, store, {"--in-place", target_.address, artifact.name}, progress);
      } catch (const Error& error) {
        throw failure(error, {});
      }
    });
  }
  import_late(manifest, store, {}, progress);
  if (method_ == RestoreMethod::kInPlace) run_.set_place("");
  if (check_losses_ && any_guarding(log_.lost())) check_losses_();
}

/// Imports everything into a staging area, lets the caller check_losses the result, and only then
/// lets `commit` put it in place. Any failure before that removes the staging area and leaves the
/// live data as they are.
///
/// A commit that fails may still have succeeded, for example if the connection broke just
/// afterwards: `abandon` looks at the server to find out, and the restore succeeds if it did. The
/// run keeps the staging id until the end, so that recovery can do the same if this process dies.
void Loader::load_staged(const Manifest& manifest, Store& store, const Progress& progress) {
  const std::string where = random_hex(4);
  run_.set_place(where);
  try {
    call("prepare", where, kLongestTimeouts);
    for (const auto& artifact : manifest.artifacts)
      import(manifest, artifact, store, {target_.address, artifact.name, where}, progress);
    if (check_losses_) check_losses_();
    interrupt::check();
    run_.set_late(!late_.empty());
    commit(where);
  } catch (const std::exception& error) {
    log_.note("failed: " + std::string(error.what()));
    const Found found = abandon(where);
    if (!found.restored) throw failure(error, found);
    log::warn("The restored data is in place, although the last step did not end as it should: " +
              std::string(error.what()));
  }
  if (!late_.empty()) import_late(manifest, store, where, progress);
  note([&] { run_.set_place(""); });
}

/// Imports one artifact, again as long as the hook requests another pass over the same bytes: some
/// things can be restored only once everything else is. A hook whose import fails may request that
/// the message names the command for loading by hand what is readable.
void Loader::import(const Manifest& manifest, const Artifact& artifact, Store& store,
                    const std::vector<std::string>& arguments, const Progress& progress) {
  std::vector<std::string> again = {"--again"};
  again.insert(again.end(), arguments.begin(), arguments.end());
  try {
    feed("import", manifest, artifact, store, arguments, progress);
    while (log_.take_request("again")) feed("import", manifest, artifact, store, again, progress);
  } catch (const Error&) {
    if (log_.take_request("by-hand")) {
      Readers readers(installed_, paths_, manifest.source);
      by_hand_ = download_command(paths_, readers, manifest, artifact);
    }
    throw;
  }
  if (log_.take_request("late")) late_.push_back(&artifact);
}

/// Restores what is possible only after the swap, such as extensions that depend on the name of
/// their database. The data is in place by now, so that a failure is reported as a loss and does
/// not end the restore. If this process dies, recovery reports that the last part is missing.
void Loader::import_late(const Manifest& manifest, Store& store, const std::string& where,
                         const Progress& progress) {
  if (method_ == RestoreMethod::kSwap) note([&] { run_.set_replacing(true); });
  for (const Artifact* artifact : late_) {
    std::vector<std::string> arguments = {"--late", target_.address, artifact->name, where};
    if (where.empty()) arguments = {"--late", "--in-place", target_.address, artifact->name};
    try {
      feed("import", manifest, *artifact, store, arguments, progress);
    } catch (const Error& error) {
      log_.add_lost({artifact->name, LostObject::Kind::kGuarding, "",
                     "the part that is restored after the swap", error.what()});
    }
  }
  if (method_ == RestoreMethod::kSwap) {
    note([&] {
      run_.set_late(false);
      run_.set_replacing(false);
    });
  }
}

/// Updates the run after the swap. A full disk prevents that, but must not make the restore fail.
template <typename Work>
void Loader::note(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    log_.note(error.what());
  }
}

/// Streams one artifact into a hook. Its digest is checked at the end, before the hook sees the end
/// of its input: a hook never takes a damaged artifact for a complete one.
void Loader::feed(const std::string& action, const Manifest& manifest, const Artifact& artifact,
                  Store& store, const std::vector<std::string>& arguments,
                  const Progress& progress) {
  Hook hook(installed_, run_, log_, hooks_, action, arguments, Hook::Input::kPipe);
  read_artifact(store, manifest, artifact, hook.input(), progress);
  hook.input().finish();
  NullSink nowhere;
  hook.copy_output(nowhere, kLongestTimeouts);
  hook.wait();
}

/// The point of no return, which should be completed once begun.
void Loader::commit(const std::string& where) {
  const interrupt::Shield shield(1, "The data of " + target_.spelling() +
                                        " is being replaced now, which is completed. To stop it "
                                        "all the same, stop it once more");
  committing_ = true;
  replacing([&] { call("commit", where, kLongestTimeouts); });
}

/// Does work that changes the live data. The run says so before it begins, since recovery must
/// report, if this process dies, that the data may be incomplete. If the hook fails but reports
/// that it had not changed anything yet, that is taken back.
template <typename Work>
void Loader::replacing(const Work& work) {
  if (method_ == RestoreMethod::kSwap || method_ == RestoreMethod::kAtomic) return work();
  const bool before = run_.record().replacing;  // true when a safety backup is loaded
  run_.set_replacing(true);
  try {
    work();
    replaced_ = true;
  } catch (const Error& error) {
    const bool refused = error.kind() == ErrorKind::kRefused;
    replaced_ = replaced_ || !(refused || log_.untouched());
    if (!replaced_) run_.set_replacing(before);
    throw;
  }
}

/// A command comes last, so that a person can copy it to the end of the line.
Error Loader::failure(const std::exception& error, const Found& found) const {
  const auto* own = dynamic_cast<const Error*>(&error);
  std::string text = error.what();
  if (!found.words.empty()) text += ". " + found.words;
  if (!by_hand_.empty())
    text += ". To load what is readable by hand, into a separate server: " + by_hand_;
  return {own == nullptr ? ErrorKind::kFailed : own->kind(), text};
}

/// Removes what was staged and finds out which data is in place. If that fails, the run remains
/// with its staging id, and the next command that changes the source repeats it.
Loader::Found Loader::abandon(const std::string& where) {
  const interrupt::Shield shield;
  // If an earlier load of this run has changed the live data, this load is that of the safety
  // backup, after which nothing is unchanged.
  const bool whole = method_ == RestoreMethod::kSwap ||
                     (method_ == RestoreMethod::kReplace && !run_.record().replacing);
  try {
    sweep_hooks(installed_, paths_, run_.record());
    if (trim(call("abandon", where, kCleanUpTimeouts)).ends_with(kRestored)) return {true, ""};
    return {false,
            whole ? target_.spelling() + " is unchanged; the partial restore was removed" : ""};
  } catch (const Error& error) {
    run_.keep();
    return {false, "The partial restore next to the live data could not be removed (" +
                       std::string(error.what()) + "): the next command that changes " +
                       target_.spelling() + " removes it" +
                       (committing_ && whole ? " and reports which data is in place" : "")};
  }
}

std::string Loader::call(const std::string& action, const std::string& where,
                         const Timeouts& timeouts) {
  return query_hook(installed_, run_, log_, hooks_, action, {target_.address, where}, {}, timeouts);
}

}  // namespace backups
