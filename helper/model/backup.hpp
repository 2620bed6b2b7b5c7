#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/words.hpp"
#include "model/manifest.hpp"
#include "sys/clock.hpp"

namespace backups {

enum class BackupStatus { kInProgress, kSuccess, kFailed };
inline constexpr Words<BackupStatus, 3> kBackupStatuses{{"in-progress", "success", "failed"}};

/// `left`: the copy may still exist, but this host must not use or remove it.
enum class CopyStatus {
  kInProgress,
  kSuccess,
  kFailed,
  kDamaged,
  kMissing,
  kDeleting,
  kDeleted,
  kLeft
};
inline constexpr Words<CopyStatus, 8> kCopyStatuses{
    {"in-progress", "success", "failed", "damaged", "missing", "deleting", "deleted", "left"}};

/// One backup on one target.
struct Copy {
  std::string target;  ///< "local"
  CopyStatus status = CopyStatus::kInProgress;
  std::string error;
  std::optional<std::uint64_t> size;  ///< bytes
  std::string host{};                 ///< the host below whose name it lies; empty for `local`
  std::string etag{};                 ///< of its manifest; empty if the target has no ETags
  int attempts = 0;                   ///< attempts to make it; the catalog counts them
  std::optional<Time> tried_at{};     ///< when the last attempt began

  /// Its files existed when they were last looked at, perhaps damaged.
  bool was_made() const {
    return status == CopyStatus::kSuccess || status == CopyStatus::kDamaged ||
           status == CopyStatus::kMissing;
  }
  /// Some of its files may exist.
  bool may_be_there() const {
    return was_made() || status == CopyStatus::kInProgress || status == CopyStatus::kDeleting;
  }
};

/// Why an attempt failed: an error, its process died, or a person cancelled it.
enum class FailureReason { kNone, kError, kInterrupted, kCancelled };
inline constexpr Words<FailureReason, 4> kFailureReasons{{"", "error", "interrupted", "cancelled"}};

/// The result of an attempt.
struct Outcome {
  BackupStatus status = BackupStatus::kInProgress;
  std::string error;  ///< why it failed, for a person
  FailureReason reason = FailureReason::kNone;
};

/// A backup in the catalog: its manifest, and what happened to it. While it is in progress, or if
/// it failed, the manifest contains what was known at the beginning. `suspect` and `reference` are
/// as a person last decided.
struct Backup : Manifest, Outcome {
  std::int64_t key = 0;
  std::optional<Time> deleted_at;
  std::optional<Time> verified_at;
  bool deleting = false;
  std::string manifest_sha256;  ///< of the bytes of a committed manifest
  bool imported = false;        ///< another host made it
  std::vector<Copy> copies;

  bool has_good_copy() const;
  /// Returns null if no copy was ever begun there.
  const Copy* copy_on(const std::string& target) const;
};

/// The error text of a backup whose process died.
inline constexpr const char* kInterrupted = "interrupted";

/// An attempt of a schedule.
struct ScheduleRun : Outcome {
  Time started_at = 0;
  std::optional<Time> finished_at;
};

struct Event {
  Time at;
  std::string what;  ///< "created", "verified", "restored", "deleted", ...
  std::string detail;
};

}  // namespace backups
