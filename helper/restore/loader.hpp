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

/// How the artifacts of a backup get into a source.
enum class Way {
  kSwap,     ///< staged beside the live data and swapped in: those are whole whatever fails
  kReplace,  ///< staged, and written over the live data by `commit`
  kInPlace,  ///< written over the live data as they are read
  kAtomic,   ///< the same, in a transaction: the live data is whole whatever fails
};

/// Puts the artifacts of a backup into a source through hooks that take them (hooks_for()). The
/// caller holds the source's lock; what is passed in must outlive this.
class Loader {
 public:
  /// `judge` is called when everything was imported, before a swap; in place only where something
  /// was lost that guards something. Throws Error to end it there.
  Loader(const Hooks& installed, const Paths& paths, Run& run, HookLog& log, const Source& target,
         const HookSet& hooks, Way way, std::function<void()> judge = {});

  /// Reads every artifact of `manifest` from `store`, by digest, and puts it in. The run records
  /// when the live data begins to be replaced. What was staged is removed when it fails: throws
  /// Error, which says what became of the live data. A request to stop that comes while they are
  /// put in place is noted only, the next one ends it.
  void load(const Manifest& manifest, Store& store, const Progress& progress);

  /// Lets the hooks read every artifact and try what can be tried. Throws Error.
  void rehearse(const Manifest& manifest, Store& store, const Progress& progress);

  /// The same for what is loaded in place later: beside the live data, `whole` or only what comes
  /// before and after the data. Nothing of it is left.
  void rehearse_beside(const Manifest& manifest, Store& store, bool whole,
                       const Progress& progress);

  /// True when a load() that failed may have changed the live data.
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
  /// What `abandon` says of the live data, and of what was staged.
  struct Found {
    bool restored = false;
    std::string words;  ///< for the message of what failed; may be empty
  };

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
  Way way_;
  std::function<void()> judge_;
  std::vector<const Artifact*> late_;  // of which something comes after the swap
  std::string by_hand_;                // the command that reads what could not be loaded
  bool committing_ = false;
  bool replaced_ = false;
};

}  // namespace backups
