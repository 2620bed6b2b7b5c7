#pragma once

#include <gmock/gmock.h>

#include <string>

#include "base/error.hpp"
#include "support/printers.hpp"

namespace backups {

namespace tests {

/// Matches a callable that throws an Error of that kind: EXPECT_THAT([&] { … }, ThrowsError(…)).
template <typename Message>
auto ThrowsError(ErrorKind kind, const Message& message) {
  return ::testing::Throws<Error>(::testing::AllOf(
      ::testing::Property("kind", &Error::kind, kind),
      ::testing::ResultOf(
          "what", [](const Error& error) { return std::string(error.what()); }, message)));
}

inline auto ThrowsError(ErrorKind kind) { return ThrowsError(kind, ::testing::_); }

}  // namespace tests
}  // namespace backups
