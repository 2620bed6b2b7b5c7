#include "base/log.hpp"

#include <unistd.h>

#include <atomic>

namespace backups::log {
namespace {

std::atomic<bool> silent{false};

void line(const char* mark, const std::string& text) { raw(mark + text + "\n"); }

}  // namespace

void set_quiet(bool quiet) { silent = quiet; }
bool quiet() { return silent; }

void step(const std::string& text) {
  if (!silent) line("-----> ", text);
}

void result(const std::string& text) {
  if (!silent) line("=====> ", text);
}

void detail(const std::string& text) {
  if (!silent) line("       ", text);
}

void warn(const std::string& text) { line(" !     ", text); }

void raw(const std::string& text) {
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace backups::log
