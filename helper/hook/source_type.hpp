#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "host/environment.hpp"

namespace backups {

/// The directory of the default actions, for types that do not have their own.
constexpr const char* kDefaultActions = "lib/default";
/// The directory that serves types without one of their own.
constexpr const char* kFallbackHooks = "generic";

/// The hooks for sources of `type`: the scripts in `hooks/<directory>`, which are told the type.
struct HookSet {
  /// Without a directory, that of the type is used, or `generic` if it has none.
  HookSet(std::string of, std::string in = {}) : type(std::move(of)), directory(std::move(in)) {}
  HookSet(const char* of) : type(of) {}

  std::filesystem::path path(const Hooks& installed) const;
  /// The file of an action: that of the directory, otherwise the default. It need not exist.
  std::filesystem::path action(const Hooks& installed, const std::string& action) const;

  std::string type;
  std::string directory;
};

/// The contents of a `type.json` (helper/README.md, "Hooks").
struct SourceType {
  /// What an address names. It determines who may use a source through dokku (hooks/authorize).
  enum class Address { kService, kAppPath, kPath, kContainer, kApp, kHost };
  /// What a restore does with the live data.
  enum class Promise {
    kBeside,   ///< stages a copy and swaps it in
    kReplace,  ///< overwrites them; the safety backup is restored after a failure
  };

  std::string title;
  Address address = Address::kService;
  std::vector<std::string> kinds;  ///< of artifacts that its `import` takes
  Promise promise = Promise::kReplace;

  /// True if an address is a path and may contain '/'.
  bool takes_path() const;
  /// True for what belongs to a service or an app. Paths and containers of the host do not: no rule
  /// of Dokku's says who may use them, so that they can be used at a shell only.
  bool is_ruled_by_dokku(const std::string& at) const;
  bool accepts(const std::string& kind) const;
};

/// Parses a type.json for sources of `type`, which replaces `<type>` in kinds. Throws Error,
/// kFailed, if anything is missing, unknown or invalid.
SourceType parse_source_type(const std::string& text, const std::string& type);

/// The type.json of these hooks. Throws Error, kFailed, naming the file.
SourceType source_type(const Hooks& installed, const HookSet& hooks);

/// The directories below hooks/ that are types, sorted: each but `lib`.
std::vector<std::string> hook_directories(const Hooks& installed);

/// The hooks that restore artifacts of these kinds into a source of `type`: its own if they take
/// all of them, otherwise `generic`. So a backup that `generic` made is restored by `generic`, even
/// after the type has got hooks of its own. No other directory is used, since the kinds come from a
/// manifest, which must not choose programs. Throws Error, kRefused, if neither takes all kinds.
HookSet hooks_for(const Hooks& installed, const std::string& type,
                  const std::vector<std::string>& kinds);

}  // namespace backups
