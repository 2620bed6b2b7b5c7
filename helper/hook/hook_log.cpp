#include "hook/hook_log.hpp"

#include <fcntl.h>
#include <regex.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"
#include "sys/clock.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr std::size_t kMaxLogBytes = 1024 * 1024;
constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kMaxErrors = 4;

/// "pg_dump: error: …", "ERROR 1356 (HY000) at line 3: …", "FATAL:  …", "(error) NOAUTH …".
bool is_error(const std::string& line) {
  static const regex_t kError = [] {
    regex_t compiled;
    ::regcomp(&compiled, "(^|[^a-z_-])(error|fatal|panic)(:|\\)| [0-9]+ )",
              REG_EXTENDED | REG_ICASE | REG_NOSUB);
    return compiled;
  }();
  // Beyond that a line carries data.
  return ::regexec(&kError, line.substr(0, 300).c_str(), 0, nullptr, 0) == 0;
}

bool contains(const std::vector<std::string>& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

LostObject parse_lost(const nlohmann::json& json) {
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? scrub(printable(found->get<std::string>()))
                                                     : std::string();
  };
  return {text("artifact"),
          text("kind") == "rebuild" ? LostObject::Kind::kRebuildable : LostObject::Kind::kGuarding,
          text("code"), text("object"), text("message")};
}

Fd open_log(const fs::path& path) {
  if (path.empty()) return {};
  make_directories(path.parent_path());
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
               0600));
  if (!fd) throw system_error("cannot open log " + path.string(), errno);
  return fd;
}

/// Nothing when they are more than a manifest may hold.
std::optional<std::string> merge(const std::string& detail, const nlohmann::json& extra) {
  auto merged = nlohmann::json::parse(detail);
  merged.update(extra);
  try {
    check_texts(merged);
  } catch (const Error&) {
    return std::nullopt;
  }
  const std::string text = merged.dump();
  return text.size() <= limits::kDetail ? std::optional(text) : std::nullopt;
}

}  // namespace

HookLog::HookLog(const fs::path& path) : file_(open_log(path)) {}

void HookLog::append(const std::string& text) {
  if (written_ > kMaxLogBytes) return;
  std::string line = rfc3339(now()) + " " + text + "\n";
  written_ += line.size();
  if (written_ > kMaxLogBytes) line += "(the log is full: later lines are dropped)\n";
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
  write(rfc3339(now()) + " " + printable(text) + "\n");
}

void HookLog::add_line(const std::string& text) {
  const std::string clean = scrub(printable(trim(text).substr(0, kLongestLine)));
  if (clean.empty()) return;
  const std::lock_guard guard(mutex_);
  last_line_ = clean;
  if (error_lines_.size() < kMaxErrors && is_error(clean) && !contains(error_lines_, clean))
    error_lines_.push_back(clean);
  append("| " + clean);
}

void HookLog::add_message(const std::string& text) {
  if (!is_shallow(text)) return;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return;
  const std::lock_guard guard(mutex_);
  if (json.contains("warning") && json["warning"].is_string()) {
    add_warning(json["warning"].get<std::string>());
  }
  if (json.contains("exit") && json["exit"].is_number_integer())
    announced_exit_ = json["exit"].get<int>();
  if (json.contains("untouched")) untouched_ = json["untouched"] == true;
  if (json.contains("detail") && json["detail"].is_object()) {
    const auto merged = merge(detail_, json["detail"]);
    if (!merged) append("a detail was left out because it is too large");
    if (merged) detail_ = *merged;
  }
  if (json.contains("failure") && json["failure"].is_object()) {
    lost_.push_back(parse_lost(json["failure"]));
    append("not restored: " + to_text(lost_.back()));
  }
  if (json.contains("request") && json["request"].is_string())
    requests_.insert(json["request"].get<std::string>());
}

void HookLog::warn(const std::string& text) {
  const std::lock_guard guard(mutex_);
  add_warning(text);
}

void HookLog::add_warning(const std::string& text) {
  const std::string warning = scrub(printable(text.substr(0, limits::kWarning)));
  // A source that is looked at twice has the same to say.
  if (contains(warnings_, warning)) return;
  append("warning: " + warning);
  if (warnings_.size() >= limits::kWarnings) return;
  const bool last = warnings_.size() + 1 == limits::kWarnings;
  warnings_.push_back(last ? "there were more: see the log" : warning);
  log::warn(warnings_.back());
}

std::string HookLog::failure() const {
  const std::lock_guard guard(mutex_);
  std::string text = last_line_;
  if (contains(error_lines_, last_line_)) {
    text = join(error_lines_, "; ");
  } else {
    for (const auto& line : error_lines_)
      if (last_line_.find(line) == std::string::npos) text += (text.empty() ? "" : ": ") + line;
  }
  // It becomes part of a sentence.
  if (text.ends_with('.') && !text.ends_with("..")) text.pop_back();
  return text;
}

std::optional<int> HookLog::announced_exit() const {
  const std::lock_guard guard(mutex_);
  return announced_exit_;
}

void HookLog::forget() {
  const std::lock_guard guard(mutex_);
  last_line_.clear();
  error_lines_.clear();
  announced_exit_.reset();
  untouched_ = false;
}

bool HookLog::untouched() const {
  const std::lock_guard guard(mutex_);
  return untouched_;
}

std::vector<std::string> HookLog::warnings() const {
  const std::lock_guard guard(mutex_);
  return warnings_;
}

std::string HookLog::detail() const {
  const std::lock_guard guard(mutex_);
  return detail_;
}

std::vector<LostObject> HookLog::lost() const {
  const std::lock_guard guard(mutex_);
  return lost_;
}

void HookLog::add_lost(const LostObject& lost) {
  const std::lock_guard guard(mutex_);
  lost_.push_back(lost);
  append("not restored: " + to_text(lost));
}

void HookLog::forget_lost() {
  const std::lock_guard guard(mutex_);
  lost_.clear();
}

bool HookLog::take_request(const std::string& word) {
  const std::lock_guard guard(mutex_);
  return requests_.erase(word) > 0;
}

}  // namespace backups
