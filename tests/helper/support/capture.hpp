#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace backups::tests {

/// Returns what `work` writes to stderr. Passes on what it throws.
inline std::string stderr_of(const std::function<void()>& work) {
  ::testing::internal::CaptureStderr();
  try {
    work();
  } catch (...) {
    ::testing::internal::GetCapturedStderr();
    throw;
  }
  return ::testing::internal::GetCapturedStderr();
}

}  // namespace backups::tests
