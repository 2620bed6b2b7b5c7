#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "hook/description.hpp"
#include "host/catalog_file.hpp"
#include "host/paths.hpp"
#include "host/settings_file.hpp"
#include "stream/sink.hpp"

namespace backups {

/// About how many bytes a backup of `source` will take: what its last ones took at most, or a
/// quarter of its data when there are none. 0: nothing is known of it.
std::uint64_t expected_size(Catalog& catalog, const Source& source, const Description& description);

/// What backups of a source must leave free on the disk of the state directory.
class DiskReserve {
 public:
  /// `paths` and `settings` must outlive this.
  DiskReserve(const Paths& paths, const SettingsFile& settings, Source source)
      : paths_(paths), settings_(settings), source_(std::move(source)) {}

  /// Throws Error, kNoSpace, if a backup would not fit and leave the reserve, with what its export
  /// needs there besides.
  void require_space(Catalog& catalog, const Description& description) const;
  /// Throws Error, kNoSpace, if the next few MiB would not leave the reserve.
  void check() const;

 private:
  const Paths& paths_;
  const SettingsFile& settings_;
  Source source_;
};

/// Passes everything on, and throws Error, kNoSpace, before the disk's free space sinks below the
/// reserve.
class DiskSpaceGuard : public Sink {
 public:
  DiskSpaceGuard(DiskReserve reserve, Sink& next) : reserve_(std::move(reserve)), next_(next) {}
  void write(std::string_view bytes) override;
  void finish() override;

 private:
  DiskReserve reserve_;
  Sink& next_;
  std::uint64_t since_check_ = 0;  // bytes
};

}  // namespace backups
