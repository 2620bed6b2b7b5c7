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

/// What the hooks of one operation report: their stderr, kept in a file (at most 1 MiB, secrets
/// masked, control characters replaced), and their messages on descriptor 3. May be used from two
/// threads.
class HookLog {
 public:
  /// Appends to `path`; an empty path keeps nothing.
  explicit HookLog(const std::filesystem::path& path);

  /// Adds a line of the helper's own, even if the hooks have filled the log.
  void note(const std::string& text);
  /// Adds a line that a hook wrote to stderr.
  void add_line(const std::string& text);
  /// Adds a line that a hook wrote to descriptor 3.
  void add_message(const std::string& json);

  /// Why a hook failed, from its stderr since the last call of forget(): the last line that is not
  /// blank, preceded by the first few in which a program reports an error.
  std::string failure() const;
  /// The exit code that a hook announced since then; nothing if it announced none.
  std::optional<int> announced_exit() const;
  /// Adds a warning of the helper's own to those of the hooks.
  void warn(const std::string& text);
  /// True if a hook reported, since the last call of forget(), that the live data is unchanged.
  bool untouched() const;
  void forget();

  std::vector<std::string> warnings() const;
  /// A JSON object: every `detail` merged.
  std::string detail() const;
  /// The objects that import hooks could not restore.
  std::vector<LostObject> lost() const;
  void add_lost(const LostObject& lost);
  void forget_lost();
  /// True if a hook has requested `word` since the last call for it: "again" (to be called with
  /// --again), "late" (with --late after the swap) or "by-hand" (errors should name the command to
  /// load the rest).
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
