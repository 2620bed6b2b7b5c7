#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/words.hpp"
#include "model/source.hpp"
#include "sys/clock.hpp"

namespace backups {

/// One file of a backup.
struct Artifact {
  std::string name;
  std::string kind;  ///< "pg_dump-custom"
  std::string file;  ///< a file name, next to the manifest
  std::uint64_t stored_size = 0;
  std::string stored_sha256;
  std::uint64_t raw_size = 0;
  std::string raw_sha256;
  std::string minimum_client;
  std::string open_command;  ///< opens `file` with standard tools only
  std::string extra;         ///< JSON object of further fields that the hook reported, for the hook
};

/// What a backup was made for.
enum class Trigger { kManual, kSchedule, kDeploy, kFinal, kSafety, kAdopt };
inline constexpr Words<Trigger, 6> kTriggers{
    {"manual", "schedule", "deploy", "final", "safety", "adopt"}};

/// A committed backup, the contents of `<id>.json` (helper/FORMAT.md). A plain value.
struct Manifest {
  static constexpr int kFormat = 1;
  /// The largest integer that every JSON reader represents exactly (RFC 8259, section 6).
  static constexpr std::int64_t kMaxSequence = (std::int64_t{1} << 53) - 1;

  std::string id;
  Source source;
  std::string host;
  std::string writer;  ///< the token of the host that wrote it (HostIdentity)
  std::string plugin_version;
  std::string engine;
  std::string engine_version;
  std::string image;
  std::string image_id;
  std::string identity;  ///< of the server, if it has one: PostgreSQL's system identifier
  Trigger trigger = Trigger::kManual;
  std::string schedule;  ///< the id of the schedule that made it; empty if none did
  std::string label;
  /// Greater than that of every earlier backup on this host. It orders backups, because clocks may
  /// jump.
  std::int64_t sequence = 0;
  Time started_at = 0;
  Time finished_at = 0;             ///< 0 if it did not finish
  std::vector<std::string> stages;  ///< in the order in which they were applied
  std::vector<Artifact> artifacts;  ///< in the order in which to restore
  std::vector<std::string> warnings;
  std::string suspect;  ///< why it may not contain what it should; empty if it is not suspect
  /// The id of the last backup from before a collapse that nobody has accepted yet; empty if there
  /// is none.
  std::string reference;
  std::string detail = "{}";  ///< JSON object that hooks reported
  std::string bytes{};        ///< the file's bytes; the same on every target

  std::uint64_t stored_size() const;
  std::uint64_t raw_size() const;
  /// The kinds of its artifacts, in their order.
  std::vector<std::string> kinds() const;
  /// The number of rows, if the hook counted them.
  std::optional<std::int64_t> rows() const;
  /// True for safety and final backups, which do not describe the current service.
  bool is_safety_or_final() const {
    return trigger == Trigger::kSafety || trigger == Trigger::kFinal;
  }
  /// "postgres:my-db-2026-04-08-14-30-00"
  std::string text() const { return source.type + ":" + id; }
};

nlohmann::ordered_json manifest_to_json(const Manifest& manifest);

/// Parses a manifest from this host's own catalog. One that is not committed may lack artifacts.
/// Throws Error, kDamaged.
Manifest manifest_from_json(const std::string& text);

/// Parses and checks the text of a manifest. Each file name must be one path component that begins
/// with the id. Throws Error, kDamaged.
Manifest parse_manifest(const std::string& text);

}  // namespace backups
