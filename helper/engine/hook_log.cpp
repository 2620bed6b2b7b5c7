#include "engine/hook_log.hpp"

#include <fcntl.h>

#include <cerrno>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/clock.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;
constexpr std::size_t kLongestLine = 4096;

Fd open_log(const fs::path& path) {
  if (path.empty()) return {};
  make_directories(path.parent_path());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) throw system_error("cannot open log " + path.string(), errno);
  return fd;
}

}  // namespace

HookLog::HookLog(const fs::path& path) : file_(open_log(path)) {}

void HookLog::append(const std::string& text) {
  if (written_ > kMostBytes) return;
  std::string line = rfc3339(now()) + " " + text + "\n";
  written_ += line.size();
  if (written_ > kMostBytes) line += "(the log is full: what follows is not kept)\n";
  write(line);
}

void HookLog::write(const std::string& line) {
  if (!file_) return;
  try {
    write_all(file_.get(), line, "log");
  } catch (const Error&) {
    // A full disk must show in the backup, not in its log.
  }
}

void HookLog::note(const std::string& text) {
  const std::lock_guard guard(mutex_);
  write(rfc3339(now()) + " " + text + "\n");
}

void HookLog::add_line(const std::string& text) {
  const std::string clean = scrub(printable(trim(text).substr(0, kLongestLine)));
  if (clean.empty()) return;
  const std::lock_guard guard(mutex_);
  last_line_ = clean;
  append("| " + clean);
}

void HookLog::add_message(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  const std::lock_guard guard(mutex_);
  if (json.contains("warning") && json["warning"].is_string()) {
    warnings_.push_back(scrub(printable(json["warning"].get<std::string>())));
    append("warning: " + warnings_.back());
    log::warn(warnings_.back());
  }
  if (json.contains("detail") && json["detail"].is_object()) {
    auto detail = nlohmann::json::parse(detail_);
    detail.update(json["detail"]);
    detail_ = detail.dump();
  }
}

std::string HookLog::last_line() const {
  const std::lock_guard guard(mutex_);
  return last_line_;
}

void HookLog::forget() {
  const std::lock_guard guard(mutex_);
  last_line_.clear();
}

std::vector<std::string> HookLog::warnings() const {
  const std::lock_guard guard(mutex_);
  return warnings_;
}

std::string HookLog::detail() const {
  const std::lock_guard guard(mutex_);
  return detail_;
}

}  // namespace backups
