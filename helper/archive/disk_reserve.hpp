#pragma once

#include <cstdint>
#include <string_view>

#include "hook/description.hpp"
#include "host/state.hpp"
#include "stream/sink.hpp"

namespace backups {

/// About how many bytes a backup of `source` will take: what its last ones took at most, or a
/// quarter of its data when there are none. 0: nothing is known of it.
std::uint64_t expected_size(Catalog& catalog, const Source& source, const Description& description);

/// Throws Error, kNoSpace, when a backup of `source` would not fit on the disk of the state
/// directory and leave the reserve, with what its export needs there besides.
void require_disk_space(State& state, const Source& source, const Description& description);

/// Passes everything on, and throws Error, kNoSpace, before the disk's free space sinks below the
/// reserve.
class DiskSpaceGuard : public Sink {
 public:
  DiskSpaceGuard(const State& state, const Source& source, Sink& next);
  void write(std::string_view bytes) override;
  void finish() override;

 private:
  void check() const;

  const State& state_;
  Source source_;
  Sink& next_;
  std::uint64_t since_check_ = 0;  // bytes
};

}  // namespace backups
