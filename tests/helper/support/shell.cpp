#include "support/shell.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <random>
#include <sstream>
#include <stdexcept>

namespace backups::tests {

Answer shell(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) throw std::runtime_error("popen");
  Answer answer{};
  std::array<char, 65536> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    answer.out.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return answer;
}

std::string noise(std::size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

std::string prose(std::size_t bytes) {
  std::string text;
  for (std::size_t row = 0; text.size() < bytes; ++row)
    text += "INSERT INTO fruit VALUES (" + std::to_string(row) + ", 'apple');\n";
  text.resize(bytes);
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace backups::tests
