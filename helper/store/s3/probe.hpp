#pragma once

#include <string>
#include <vector>

#include "store/s3/client.hpp"

namespace backups {

/// Implements Prober::probe() with objects whose keys begin with `prefix`.
std::vector<Prober::Check> probe_bucket(S3Client& client, const std::string& prefix);

}  // namespace backups
