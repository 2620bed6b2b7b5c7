#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/environment.hpp"

namespace backups {

/// Where the actions are that every type has unless it brings its own.
constexpr const char* kDefaultActions = "lib/default";
/// The directory that serves types without one of their own.
constexpr const char* kFallbackHooks = "generic";

/// The hooks that serve sources of `type`: the scripts in `hooks/<directory>`, which are told the
/// type.
struct HookSet {
  /// Without a directory: that of the type itself, or `generic` where it has none.
  HookSet(std::string of, std::string in = {}) : type(std::move(of)), directory(std::move(in)) {}
  HookSet(const char* of) : type(of) {}

  std::filesystem::path path(const Hooks& installed) const;
  /// The file of an action: its own, else the default one. It need not exist.
  std::filesystem::path action(const Hooks& installed, const std::string& action) const;

  std::string type;
  std::string directory;
};

/// What `type.json` in a directory of hooks says (helper/README.md, "Hooks").
struct SourceType {
  /// What an address names. Who may use a source through dokku follows from it (hooks/authorize).
  enum class Address { kService, kAppPath, kPath, kContainer, kApp, kHost };
  /// What a restore does with the live data.
  enum class Promise {
    kBeside,   ///< stages a copy and swaps it in
    kReplace,  ///< writes over them; the safety backup is the way back
  };

  std::string title;
  Address address = Address::kService;
  std::vector<std::string> kinds;  ///< of artifacts that its `import` takes
  Promise promise = Promise::kReplace;

  /// True where an address is a path, and may contain '/'.
  bool takes_path() const;
  bool takes(const std::string& kind) const;
};

/// Reads the text of a type.json for sources of `type`, by which `<type>` in a kind is replaced.
/// Throws Error, kFailed, when anything is missing, unknown or not of its form.
SourceType parse_source_type(const std::string& text, const std::string& type);

/// The type.json of these hooks. Throws Error, kFailed, naming the file.
SourceType source_type(const Hooks& installed, const HookSet& hooks);

/// The directories below hooks/ that are types, sorted: each but `lib`.
std::vector<std::string> hook_directories(const Hooks& installed);

/// The hooks that restore artifacts of these kinds into a source of `type`: its own where they take
/// all of them, else `generic`. So what `generic` made is restored by `generic`, also after the
/// type has got hooks of its own. No other directory is considered: the kinds come from a manifest,
/// which must not choose programs. Throws Error, kRefused, where neither takes all.
HookSet hooks_for(const Hooks& installed, const std::string& type,
                  const std::vector<std::string>& kinds);

}  // namespace backups
