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
  std::string file;  ///< beside the manifest
  std::uint64_t stored_size = 0;
  std::string stored_sha256;
  std::uint64_t raw_size = 0;
  std::string raw_sha256;
  std::string minimum_client;
  std::string open_command;  ///< opens `file` with standard tools only
  std::string extra;         ///< JSON object of what else the hook said of it; for the hook
};

/// What a backup was made for.
enum class Trigger { kManual, kSchedule, kDeploy, kFinal, kSafety, kAdopt };
inline constexpr Words<Trigger, 6> kTriggers{
    {"manual", "schedule", "deploy", "final", "safety", "adopt"}};

/// A committed backup, as `<id>.json` holds it (helper/FORMAT.md). A plain value.
struct Manifest {
  static constexpr int kFormat = 1;
  /// As many as every reader of JSON can tell apart.
  static constexpr std::int64_t kMostSequence = (std::int64_t{1} << 53) - 1;

  std::string id;
  Source source;
  std::string host;
  std::string writer;  ///< token of who wrote it (HostIdentity)
  std::string plugin_version;
  std::string engine;
  std::string engine_version;
  std::string image;
  std::string image_id;
  std::string identity;  ///< of the server, where it has one: PostgreSQL's system identifier
  Trigger trigger = Trigger::kManual;
  std::string schedule;  ///< the id of the one that made it; empty: none did
  std::string label;
  /// Greater than that of every backup before it on this host: what orders them, where a clock
  /// that jumped would not.
  std::int64_t sequence = 0;
  Time started_at = 0;
  Time finished_at = 0;             ///< 0: it did not
  std::vector<std::string> stages;  ///< in the order in which the bytes went through them
  std::vector<Artifact> artifacts;  ///< in the order in which to restore
  std::vector<std::string> warnings;
  std::string suspect;  ///< why it may not be what it should be; empty: nothing speaks against it
  /// The id of the last one from before a collapse which nobody accepted yet; empty: there is none.
  std::string reference;
  std::string detail = "{}";  ///< JSON object, from the hook
  std::string bytes{};        ///< as they were read or written: the same on every target

  std::uint64_t stored_size() const;
  std::uint64_t raw_size() const;
  /// Those of its artifacts, in their order.
  std::vector<std::string> kinds() const;
  /// How many rows it holds, where the hook counted them.
  std::optional<std::int64_t> rows() const;
  /// Made before a restore or an end: not of the service that is there now.
  bool is_safety_or_final() const {
    return trigger == Trigger::kSafety || trigger == Trigger::kFinal;
  }
  /// "postgres:my-db-2026-04-08-14-30-00"
  std::string text() const { return source.type + ":" + id; }
};

nlohmann::ordered_json manifest_to_json(const Manifest& manifest);

/// The reverse, of what this host's own catalog keeps: one that is not committed may lack
/// artifacts. Throws Error, kDamaged.
Manifest manifest_from_json(const std::string& text);

/// Reads and checks the text of a manifest: every file name is one path component that belongs to
/// the id. Throws Error, kDamaged.
Manifest parse_manifest(const std::string& text);

}  // namespace backups
