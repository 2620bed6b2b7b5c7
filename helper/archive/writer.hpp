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

/// Makes the files of one backup: artifacts first, the manifest last (helper/FORMAT.md). None of
/// them may be there already. Destroyed without commit(), it removes what it made.
class Writer {
 public:
  struct Plan {
    std::size_t artifacts;
    std::uint64_t expected_size;  ///< of all of them, about, as they are stored; 0: unknown
  };
  /// Into `store`, leaving `reserve` where that is on this host, and noted in `written`; what is
  /// passed by reference must outlive this. `manifest` says everything but its artifacts, its end,
  /// and what `log` has heard of the hooks.
  Writer(Store& store, std::optional<DiskReserve> reserve, Written& written, HookLog& log,
         Manifest manifest, Encoding encoding, const Plan& plan, Progress progress);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// `produce` writes the plain bytes and returns only if they are all there. Throws Error when it
  /// does, when nothing was written, when it does not begin as such an artifact does, or when its
  /// inspector finds that something is missing.
  /// Such an Error is `bad`.
  void add(const PlannedArtifact& planned, const std::function<void(Sink&)>& produce,
           ErrorKind bad = ErrorKind::kFailed);

  /// One artifact less than was planned will be added.
  void leave_out() { ++left_out_; }

  /// Returns what was committed. `judge` may say in the manifest what speaks against it.
  Manifest commit(const std::function<void(Manifest&)>& judge = {});

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

/// Puts a file that nobody may have put before: `fill` writes and finishes it; `expected` as in
/// Store::put(). Throws KeyTaken.
void put_noted(Store& store, Written& written, const std::string& key,
               std::optional<std::uint64_t> expected, const std::function<void(Sink&)>& fill);

}  // namespace backups
