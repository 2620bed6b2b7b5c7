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

/// What `abandon` prints last where the restored data are in place.
constexpr const char* kRestored = "restored";
/// The `<where>` of what import --in-place makes.
constexpr const char* kInPlace = "inplace";

}  // namespace

Loader::Loader(const Hooks& installed, const Paths& paths, Run& run, HookLog& log,
               const Source& target, const HookSet& hooks, Way way, std::function<void()> judge)
    : installed_(installed),
      paths_(paths),
      run_(run),
      log_(log),
      target_(target),
      hooks_(hooks),
      way_(way),
      judge_(std::move(judge)) {}

void Loader::load(const Manifest& manifest, Store& store, const Progress& progress) {
  write_artifact_list(manifest);
  if (way_ == Way::kInPlace || way_ == Way::kAtomic) {
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

void Loader::write_artifact_list(const Manifest& manifest) const {
  auto list = nlohmann::ordered_json::array();
  for (const auto& artifact : manifest.artifacts) {
    auto said =
        nlohmann::ordered_json::parse(artifact.extra.empty() ? "{}" : shallow(artifact.extra));
    said["name"] = artifact.name;
    said["kind"] = artifact.kind;
    said["raw_size"] = artifact.raw_size;
    list.push_back(said);
  }
  write_file_atomically(artifact_list(run_), list.dump() + "\n");
}

void Loader::load_in_place(const Manifest& manifest, Store& store, const Progress& progress) {
  if (way_ == Way::kInPlace) run_.set_place(kInPlace);
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
  if (way_ == Way::kInPlace) run_.set_place("");
  if (judge_ && any_guarding(log_.lost())) judge_();
}

void Loader::load_staged(const Manifest& manifest, Store& store, const Progress& progress) {
  const std::string where = random_hex(4);
  run_.set_place(where);
  try {
    call("prepare", where, kLongestTimeouts);
    for (const auto& artifact : manifest.artifacts)
      import(manifest, artifact, store, {target_.address, artifact.name, where}, progress);
    if (judge_) judge_();
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

/// The data are in place by now, so that a failure can only be reported; whoever finds this run
/// dead says that something is missing.
void Loader::import_late(const Manifest& manifest, Store& store, const std::string& where,
                         const Progress& progress) {
  if (way_ == Way::kSwap) note([&] { run_.set_replacing(true); });
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
  if (way_ == Way::kSwap) {
    note([&] {
      run_.set_late(false);
      run_.set_replacing(false);
    });
  }
}

/// What the run says of itself after the swap: on a full disk it is restored all the same.
template <typename Work>
void Loader::note(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    log_.note(error.what());
  }
}

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

void Loader::commit(const std::string& where) {
  const interrupt::Shield shield(1, "The data of " + target_.spelling() +
                                        " is being replaced now, which is completed. To stop it "
                                        "all the same, stop it once more");
  committing_ = true;
  replacing([&] { call("commit", where, kLongestTimeouts); });
}

/// Whoever finds this run dead must know that the live data may be gone. A hook may say that it
/// failed before it touched them.
template <typename Work>
void Loader::replacing(const Work& work) {
  if (way_ == Way::kSwap || way_ == Way::kAtomic) return work();
  const bool before = run_.record().replacing;  // by a load that failed: this is the safety backup
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

Loader::Found Loader::abandon(const std::string& where) {
  const interrupt::Shield shield;
  // Not where an earlier load of this run had changed the live data: this is the safety backup.
  const bool whole = way_ == Way::kSwap || (way_ == Way::kReplace && !run_.record().replacing);
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
