#pragma once

#include "host/target_type.hpp"

namespace backups {

/// Buckets of anything that speaks S3 (store/s3/).
TargetType s3_target();

}  // namespace backups
