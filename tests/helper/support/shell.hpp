#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace backups::tests {

/// The result of a command.
struct Answer {
  int code;         ///< exit code, or 128 + signal
  std::string out;  ///< stdout
};

/// Runs `sh -c command`.
Answer shell(const std::string& command);

/// This many bytes that do not compress well; the same ones for the same seed.
std::string noise(std::size_t bytes, unsigned seed = 1);

/// This many bytes of text, which compress well.
std::string prose(std::size_t bytes);

/// Splits "line\nline\n" into lines.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace backups::tests
