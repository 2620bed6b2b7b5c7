#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/artifact.hpp"
#include "archive/disk_reserve.hpp"
#include "archive/written.hpp"
#include "base/error.hpp"
#include "hook/description.hpp"
#include "store/store.hpp"

namespace backups {

/// Writes the files of one backup: the artifacts first, the manifest last (helper/FORMAT.md). None
/// of them may exist already. Removes what it wrote if it is destroyed without commit().
class Writer {
 public:
  struct Plan {
    std::size_t artifacts;
    std::uint64_t expected_size;  ///< estimate for all artifacts together, as stored; 0 if unknown
  };
  /// Writes to `store` and notes the keys in `written`. `reserve` is given if the store is on this
  /// host. References must outlive this object. `manifest` must be complete except for artifacts,
  /// end and what the hooks reported to `log`.
  Writer(Store& store, std::optional<DiskReserve> reserve, Written& written, HookLog& log,
         Manifest manifest, Encoding encoding, const Plan& plan, Progress progress);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Adds an artifact. `produce` writes its plain bytes and returns only if they are complete.
  /// Throws what `produce` throws, and an Error of the kind `bad` if the dump is empty, does not
  /// begin with the bytes that its hook named, or is found incomplete by its inspector.
  void add(const PlannedArtifact& planned, const std::function<void(Sink&)>& produce,
           ErrorKind bad = ErrorKind::kFailed);

  /// Call it for each planned artifact that is not added.
  void leave_out() { ++left_out_; }

  /// Writes the manifest and returns it. `amend` may first record in it why the backup is suspect.
  Manifest commit(const std::function<void(Manifest&)>& amend = {});

 private:
  std::string file_name(const PlannedArtifact& planned) const;

  Store& store_;
  std::optional<DiskReserve> reserve_;
  Written& written_;
  HookLog& log_;
  Manifest manifest_;
  Encoding encoding_;
  Plan plan_;
  std::size_t left_out_ = 0;
  Progress progress_;
  bool committed_ = false;
};

/// Notes the key and writes a file that must not exist yet: `fill` writes and finishes it,
/// `expected` is as in Store::put(). Throws KeyTaken if it exists.
void put_noted(Store& store, Written& written, const std::string& key,
               std::optional<std::uint64_t> expected, const std::function<void(Sink&)>& fill);

}  // namespace backups
