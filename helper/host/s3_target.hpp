#pragma once

#include "host/target_type.hpp"

namespace backups {

/// The target type for buckets of S3-compatible servers (store/s3/).
TargetType s3_target();

}  // namespace backups
