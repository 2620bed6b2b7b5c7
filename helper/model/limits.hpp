#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace backups {

/// How much of anything is accepted from outside: buckets, hooks, files that somebody may have
/// changed. helper/FORMAT.md, "Limits", says why.
namespace limits {

constexpr std::size_t kManifest = 8 * 1024 * 1024;  ///< bytes of a manifest
constexpr std::size_t kDepth = 64;          ///< objects and arrays inside one another, in any JSON
constexpr std::size_t kText = 64 * 1024;    ///< bytes of a string in a manifest
constexpr std::size_t kArtifacts = 10'000;  ///< of a backup
constexpr std::size_t kWarnings = 1'000;    ///< of a backup
constexpr std::size_t kWarning = 4096;      ///< bytes of a warning of a hook
constexpr std::size_t kDetail = 1024 * 1024;   ///< bytes of what hooks report of a backup
constexpr std::uint64_t kBackup = 1ULL << 50;  ///< bytes of all artifacts of a backup

}  // namespace limits

/// Whether JSON text is nested no deeper than limits::kDepth: what is deeper ends the process,
/// since the library destroys and prints it recursively. Looks at brackets only, and takes any
/// text.
bool is_shallow(std::string_view json);

/// `json` itself. Throws Error, kDamaged, unless it is shallow.
const std::string& shallow(const std::string& json);

/// Throws Error, kDamaged, when a string in it is longer than limits::kText. `json` is shallow.
void check_texts(const nlohmann::ordered_json& json);

}  // namespace backups
