#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hook/hook_log.hpp"
#include "hook/source_type.hpp"
#include "host/environment.hpp"
#include "host/run.hpp"
#include "stream/sink.hpp"
#include "sys/process.hpp"

namespace backups {

/// How long a hook may send nothing.
struct Timeouts {
  std::chrono::seconds start;    ///< before the first byte
  std::chrono::seconds silence;  ///< between two bytes, and after the last
};

/// For what only advises.
constexpr Timeouts kAdviceTimeouts{std::chrono::seconds(5), std::chrono::seconds(5)};
/// For commands that only look, which somebody waits for: Docker may hang.
constexpr Timeouts kInteractiveTimeouts{std::chrono::minutes(1), std::chrono::minutes(1)};
/// For queries of an operation.
constexpr Timeouts kShortTimeouts{std::chrono::minutes(5), std::chrono::minutes(5)};
/// For cleaning up after a request to stop.
constexpr Timeouts kClosingTimeouts{std::chrono::seconds(10), std::chrono::seconds(10)};
/// For cleaning up after a restore: a server drops databases, SQLite rolls a transaction back.
constexpr Timeouts kCleanUpTimeouts{std::chrono::minutes(30), std::chrono::minutes(30)};
/// For imports and exports, which have no limit of their own.
constexpr Timeouts kLongestTimeouts{std::chrono::hours(24 * 7), std::chrono::hours(24 * 7)};

/// One call of a hook (helper/README.md, "Hooks"). The process is stopped when this is destroyed
/// before wait().
class Hook {
 public:
  enum class Input { kNone, kPipe };

  /// Its stdin is `question`, or a pipe behind input().
  Hook(const Hooks& installed, const Run& run, HookLog& log, const HookSet& hooks,
       const std::string& action, const std::vector<std::string>& arguments,
       Input input = Input::kNone, const std::string& question = {});
  ~Hook();

  /// Copies its stdout to `sink` until the end. Throws Error at a timeout or a request to stop, and
  /// as wait() if the hook has failed while a process that it started keeps stdout open.
  void copy_output(Sink& sink, const Timeouts& timeouts);

  /// Its stdin; finish() closes it. Writing to a hook that has exited is not an error: wait()
  /// reports how it ended.
  Sink& input();

  /// Waits until it exits. Throws Error, of the kind of its exit code, with the end of its stderr.
  void wait();

 private:
  class InputSink;
  void wait_for_output(std::chrono::seconds limit);
  void pump_messages(Fd error, Fd messages, Fd stop);
  [[noreturn]] void fail(int status) const;

  HookLog& log_;
  std::string what_;  // "the export of shop from postgres:my-db"
  std::unique_ptr<Process> process_;
  Fd output_;
  std::unique_ptr<InputSink> input_;
  Fd stop_pump_;
  std::thread pump_;
};

/// The file in which a restore lists the artifacts of its backup for the hooks, as JSON;
/// BACKUPS_ARTIFACTS names it.
std::filesystem::path artifact_list(const Run& run);

/// True if these hooks have the action, or a default for it exists.
bool has_hook(const Hooks& installed, const HookSet& hooks, const std::string& action);

/// Runs a hook to its end; returns its stdout (at most 16 MiB). Throws Error.
std::string query_hook(const Hooks& installed, const Run& run, HookLog& log, const HookSet& hooks,
                       const std::string& action, const std::vector<std::string>& arguments,
                       const std::string& input = {}, const Timeouts& timeouts = kShortTimeouts);

/// Ends the processes that the hooks of a dead run left, and runs their `sweep`. Also works after a
/// request to stop, but then only for some seconds, or until the next one. Throws Error.
void sweep_hooks(const Hooks& installed, const Paths& paths, const RunRecord& dead);

}  // namespace backups
