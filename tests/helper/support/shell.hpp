#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace backups::tests {

struct Answer {
  int code;         ///< exit code, or 128 + signal
  std::string out;  ///< stdout
};

/// `sh -c command`.
Answer shell(const std::string& command);

/// `bytes` bytes that don't compress well, the same ones for the same seed.
std::string noise(std::size_t bytes, unsigned seed = 1);

/// `bytes` bytes of text that compresses well.
std::string prose(std::size_t bytes);

/// "line\nline\n" as a vector.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace backups::tests
