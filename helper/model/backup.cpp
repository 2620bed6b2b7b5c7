#include "model/backup.hpp"

#include <algorithm>

namespace backups {

bool Backup::has_good_copy() const {
  return std::any_of(copies.begin(), copies.end(),
                     [](const Copy& copy) { return copy.status == CopyStatus::kSuccess; });
}

const Copy* Backup::copy_on(const std::string& target) const {
  for (const auto& copy : copies)
    if (copy.target == target) return &copy;
  return nullptr;
}

}  // namespace backups
