#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "base/error.hpp"
#include "hook/hook.hpp"
#include "hook/hook_log.hpp"
#include "hook/source_type.hpp"
#include "host/environment.hpp"
#include "host/paths.hpp"
#include "host/run.hpp"
#include "model/manifest.hpp"
#include "store/store.hpp"

namespace backups {

/// The method by which the artifacts of a backup get into a source.
enum class RestoreMethod {
  kSwap,     ///< staged next to the live data and swapped in, which fails or succeeds as a whole
  kReplace,  ///< staged, then written over the live data by `commit`
  kInPlace,  ///< written over the live data while they are read
  kAtomic,   ///< likewise, in one transaction, which fails or succeeds as a whole
};

/// Loads the artifacts of a backup into a source, through the hooks that take their kinds
/// (hooks_for()): `prepare`, `import` for each artifact, `commit` and `abandon`, or `import
/// --in-place`, whose contracts are in helper/README.md, "Hooks". The caller holds the lock of the
/// source. References must outlive this object. Only for the main thread.
class Loader {
 public:
  /// `check_losses` is called once everything is imported: before the swap, so that it can still
  /// prevent it by throwing Error; after a load in place, only if objects that guard the data were
  /// lost.
  Loader(const Hooks& installed, const Paths& paths, Run& run, HookLog& log, const Source& target,
         const HookSet& hooks, RestoreMethod method, std::function<void()> check_losses = {});

  /// Reads every artifact of `manifest` from `store`, checks its digest and loads it, in the order
  /// of the manifest. The run records when the live data begins to be replaced. Throws Error, whose
  /// message states what happened to the live data; what was staged is removed then. During the
  /// commit, the first request to stop is only noted, and the second one ends it.
  void load(const Manifest& manifest, Store& store, const Progress& progress);

  /// Lets the hooks read every artifact and try what is possible without changing the live data.
  /// Throws Error.
  void rehearse(const Manifest& manifest, Store& store, const Progress& progress);

  /// Does the same in a staging area, for a backup that is loaded in place later: `whole`, or only
  /// what precedes and follows the rows. Leaves nothing. Throws Error.
  void rehearse_beside(const Manifest& manifest, Store& store, bool whole,
                       const Progress& progress);

  /// True if a load() that failed may have changed the live data.
  bool may_have_replaced() const { return replaced_; }

 private:
  void write_artifact_list(const Manifest& manifest) const;
  void load_in_place(const Manifest& manifest, Store& store, const Progress& progress);
  void load_staged(const Manifest& manifest, Store& store, const Progress& progress);
  void import(const Manifest& manifest, const Artifact& artifact, Store& store,
              const std::vector<std::string>& arguments, const Progress& progress);
  void import_late(const Manifest& manifest, Store& store, const std::string& where,
                   const Progress& progress);
  void feed(const std::string& action, const Manifest& manifest, const Artifact& artifact,
            Store& store, const std::vector<std::string>& arguments, const Progress& progress);
  /// What `abandon` found out about the live data.
  struct Found {
    bool restored = false;
    std::string words;  ///< a sentence for the error message; may be empty
  };

  // `where` is a staging id.
  void commit(const std::string& where);
  template <typename Work>
  void note(const Work& work);
  template <typename Work>
  void replacing(const Work& work);
  Found abandon(const std::string& where);
  Error failure(const std::exception& error, const Found& found) const;
  std::string call(const std::string& action, const std::string& where, const Timeouts& timeouts);

  const Hooks& installed_;
  const Paths& paths_;
  Run& run_;
  HookLog& log_;
  const Source& target_;
  const HookSet& hooks_;
  RestoreMethod method_;
  std::function<void()> check_losses_;
  std::vector<const Artifact*> late_;  // with a part that is restored after the swap
  std::string by_hand_;                // the command that reads what could not be loaded
  bool committing_ = false;
  bool replaced_ = false;
};

}  // namespace backups
