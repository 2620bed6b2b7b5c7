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

/// An estimate of how many bytes a backup of `source` will take: as many as the largest of its last
/// three backups, or a quarter of its data if there are none. 0 if nothing is known.
std::uint64_t expected_size(Catalog& catalog, const Source& source, const Description& description);

/// The disk space that backups of a source must leave free on the disk of the state directory.
class DiskReserve {
 public:
  /// `paths` and `settings` must outlive this.
  DiskReserve(const Paths& paths, const SettingsFile& settings, Source source)
      : paths_(paths), settings_(settings), source_(std::move(source)) {}

  /// How many bytes are missing for a backup, and for what its export needs in the state directory,
  /// so that the reserve is not used. 0 if they fit.
  std::uint64_t missing(Catalog& catalog, const Description& description) const;
  /// Throws Error, kNoSpace, if any are missing.
  void require_space(Catalog& catalog, const Description& description) const;
  /// Throws Error, kNoSpace, if the next few MiB would use the reserve.
  void check() const;

 private:
  const Paths& paths_;
  const SettingsFile& settings_;
  Source source_;
};

/// A filter that throws Error, kNoSpace, before the free space of the disk falls below the reserve.
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
