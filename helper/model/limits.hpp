#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace backups {

/// Limits for everything from outside: buckets, hooks, files that somebody may have changed. See
/// helper/FORMAT.md, "Limits".
namespace limits {

constexpr std::size_t kManifest = 8 * 1024 * 1024;  ///< bytes of a manifest
constexpr std::size_t kDepth = 64;                  ///< nested objects and arrays in any JSON
constexpr std::size_t kText = 64 * 1024;            ///< bytes of a string in a manifest
constexpr std::size_t kArtifacts = 10'000;          ///< of a backup
constexpr std::size_t kWarnings = 1'000;            ///< of a backup
constexpr std::size_t kWarning = 4096;              ///< bytes of a warning of a hook
constexpr std::size_t kDetail = 1024 * 1024;        ///< bytes of what hooks report of a backup
constexpr std::uint64_t kBackup = 1ULL << 50;       ///< bytes of all artifacts of a backup

/// How far the sequence number of a manifest may lie ahead of the seconds since 1970: farther than
/// any clock, and so little that the numbers do not run out.
constexpr std::int64_t kSequenceAhead = std::int64_t{1} << 40;

}  // namespace limits

/// True if JSON text is nested no deeper than limits::kDepth. Deeper nesting would overflow the
/// stack, since the JSON library destroys and prints values recursively. Accepts any text and looks
/// at brackets only.
bool is_shallow(std::string_view json);

/// Returns `json`. Throws Error, kDamaged, if it is nested too deeply.
const std::string& shallow(const std::string& json);

/// Throws Error, kDamaged, if a string in it is longer than limits::kText. `json` must be shallow.
void check_texts(const nlohmann::ordered_json& json);

}  // namespace backups
