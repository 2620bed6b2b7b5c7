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

/// `left`: it may still be there, but is not ours to use or remove.
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
  std::string host{};                 ///< below whose name it lies, empty for `local`
  std::string etag{};                 ///< of its manifest; empty: the target has none
  int attempts = 0;                   ///< to make it; counted by the catalog
  std::optional<Time> tried_at{};     ///< when the last one began

  /// Its files were there when it was last looked at, in whatever state.
  bool was_made() const {
    return status == CopyStatus::kSuccess || status == CopyStatus::kDamaged ||
           status == CopyStatus::kMissing;
  }
  /// Some of its files may be there.
  bool may_be_there() const {
    return was_made() || status == CopyStatus::kInProgress || status == CopyStatus::kDeleting;
  }
};

/// Why an attempt failed: an error, its process died, or a person stopped it.
enum class FailureReason { kNone, kError, kInterrupted, kCancelled };
inline constexpr Words<FailureReason, 4> kFailureReasons{{"", "error", "interrupted", "cancelled"}};

/// What became of an attempt.
struct Outcome {
  BackupStatus status = BackupStatus::kInProgress;
  std::string error;  ///< why it failed, for a person
  FailureReason reason = FailureReason::kNone;
};

/// A backup as the catalog knows it: its manifest, and what happened to it. While it is in progress
/// or where it failed, the manifest is what was known when it began. `suspect` and `reference` are
/// as a person last judged them.
struct Backup : Manifest, Outcome {
  std::int64_t key = 0;
  std::optional<Time> deleted_at;
  std::optional<Time> verified_at;
  bool deleting = false;
  std::string manifest_sha256;  ///< of the bytes of a committed one
  bool imported = false;        ///< another host made it
  std::vector<Copy> copies;

  bool has_good_copy() const;
  /// Nothing where none was ever begun there.
  const Copy* copy_on(const std::string& target) const;
};

/// The error of a backup whose process died.
inline constexpr const char* kInterrupted = "interrupted";

/// A try at what a schedule makes.
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
