#pragma once

#include <cstddef>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hook/lost_object.hpp"
#include "sys/fd.hpp"

namespace backups {

/// What the hooks of one operation say: their stderr, kept in a file (at most 1 MiB, secrets
/// masked, control characters replaced), and what they send on descriptor 3. Used from two threads.
class HookLog {
 public:
  /// Appends to `path`; an empty path keeps nothing.
  explicit HookLog(const std::filesystem::path& path);

  /// A line of the helper's own: kept even where the hooks have filled the log.
  void note(const std::string& text);
  /// A line that a hook wrote to stderr.
  void add_line(const std::string& text);
  /// A line that a hook wrote to descriptor 3.
  void add_message(const std::string& json);

  /// Why a hook failed, from its stderr since the last call of forget(): the last line that was not
  /// blank, then the first few in which a program calls something an error, where that is not one.
  std::string failure() const;
  /// The exit code that a hook announced for itself since then; nothing when it never does that.
  std::optional<int> announced_exit() const;
  /// A warning of the helper's own among those of the hooks.
  void warn(const std::string& text);
  /// True when a hook said, since the last call of forget(), that it leaves the live data as they
  /// were.
  bool untouched() const;
  void forget();

  std::vector<std::string> warnings() const;
  /// A JSON object: every `detail` merged.
  std::string detail() const;
  /// What import hooks could not put back.
  std::vector<LostObject> lost() const;
  void add_lost(const LostObject& lost);
  void forget_lost();
  /// Whether a hook has asked for `word` ("again": to be called with --again, "late": with --late
  /// after the swap, "by-hand": to say how a person can load what it can't) since the last call
  /// for it.
  bool take_request(const std::string& word);

 private:
  void append(const std::string& text);
  void add_warning(const std::string& text);
  void write(const std::string& line);

  mutable std::mutex mutex_;
  Fd file_;
  std::size_t written_ = 0;
  std::string last_line_;
  std::vector<std::string> error_lines_;
  std::optional<int> announced_exit_;
  bool untouched_ = false;
  std::vector<std::string> warnings_;
  std::string detail_ = "{}";
  std::vector<LostObject> lost_;
  std::set<std::string> requests_;
};

}  // namespace backups
