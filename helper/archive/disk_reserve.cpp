#include "archive/disk_reserve.hpp"

#include <algorithm>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::uint64_t kCheckEvery = 16 * 1024 * 1024;
constexpr std::int64_t kSampledBackups = 3;  // backups

/// Hooks may report any size, so the sum must not overflow.
std::uint64_t sum(std::uint64_t a, std::uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

}  // namespace

std::uint64_t expected_size(Catalog& catalog, const Source& source,
                            const Description& description) {
  Catalog::Filter filter;
  filter.source = source;
  filter.status = BackupStatus::kSuccess;
  filter.deleted = true;  // the size of a deleted backup is as good an estimate
  filter.limit = kSampledBackups;
  std::uint64_t largest = 0;
  for (const auto& backup : catalog.list(filter)) largest = std::max(largest, backup.stored_size());
  return largest > 0 ? largest : description.size / 4;
}

namespace {

std::uint64_t needed_for(Catalog& catalog, const Source& source, const Description& description) {
  return sum(expected_size(catalog, source, description), description.staging);
}

std::string advice() {
  return "Free disk space, delete old backups or lower the reserve with " + command("set") +
         " --global disk-reserve";
}

}  // namespace

std::uint64_t DiskReserve::missing(Catalog& catalog, const Description& description) const {
  const Space space = disk_space(paths_.root);
  const std::uint64_t needed = sum(needed_for(catalog, source_, description),
                                   settings_.read().disk_reserve(source_.text(), space.total));
  return needed > space.available ? needed - space.available : 0;
}

void DiskReserve::require_space(Catalog& catalog, const Description& description) const {
  if (missing(catalog, description) == 0) return;
  const Space space = disk_space(paths_.root);
  const std::uint64_t reserve = settings_.read().disk_reserve(source_.text(), space.total);
  const std::uint64_t needed = needed_for(catalog, source_, description);
  throw Error(ErrorKind::kNoSpace, "not enough disk space for a backup of " + source_.spelling() +
                                       ": about " + human_size(needed) +
                                       " is needed and the disk-reserve of " + human_size(reserve) +
                                       " must stay free, but only " + human_size(space.available) +
                                       " is free at " + paths_.root.string() + ". " + advice());
}

void DiskReserve::check() const {
  const Space space = disk_space(paths_.root);
  const std::uint64_t reserve = settings_.read().disk_reserve(source_.text(), space.total);
  if (space.available >= reserve + kCheckEvery) return;
  throw Error(ErrorKind::kNoSpace, "the disk is nearly full: only " + human_size(space.available) +
                                       " is free at " + paths_.root.string() +
                                       ", and the disk-reserve is " + human_size(reserve) + ". " +
                                       advice());
}

void DiskSpaceGuard::write(std::string_view bytes) {
  since_check_ += bytes.size();
  if (since_check_ >= kCheckEvery) {
    reserve_.check();
    since_check_ = 0;
  }
  next_.write(bytes);
}

void DiskSpaceGuard::finish() { next_.finish(); }

}  // namespace backups
