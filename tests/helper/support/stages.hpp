#pragma once

#include <memory>
#include <string>

#include "stream/stage.hpp"

namespace backups::tests {

/// The step that a setting such as "zstd:3" stands for.
inline Step step(const std::string& text) { return parse_encoding(text)->front(); }

inline const Stage* const kGzip = find_stage("gzip");
inline const Stage* const kZstd = find_stage("zstd");

}  // namespace backups::tests
