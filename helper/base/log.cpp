#include "base/log.hpp"

#include <unistd.h>

#include <atomic>

#include "base/text.hpp"

namespace backups::log {
namespace {

std::atomic<bool> silent{false};
std::atomic<std::string (*)()> stamp_of{nullptr};

std::atomic<bool> rewritten{false};

void line(const char* mark, const std::string& text) {
  if (rewritten.exchange(false)) raw("\r\x1b[K");
  const auto stamp = stamp_of.load();
  raw((stamp == nullptr ? "" : stamp() + " ") + mark + printable(text) + "\n");
}

}  // namespace

void set_quiet(bool quiet) { silent = quiet; }
bool quiet() { return silent; }

void set_stamp(std::string (*stamp)()) { stamp_of = stamp; }

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

void rewrite(const std::string& text) {
  rewritten = true;
  raw("\r       " + printable(text) + "\x1b[K");
}

void raw(const std::string& text) {
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace backups::log
