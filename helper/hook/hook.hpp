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

/// For a hook that is asked something, and for one that works as long as it needs to.
constexpr Timeouts kShortTimeouts{std::chrono::minutes(5), std::chrono::minutes(5)};
/// For what is done after a stop was asked for.
constexpr Timeouts kClosingTimeouts{std::chrono::seconds(10), std::chrono::seconds(10)};
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

  /// Copies its stdout to `sink`, to the end. Throws Error: a time-out, a request to stop, and what
  /// wait() throws where the hook has failed and something that it started keeps its stdout open.
  void copy_output(Sink& sink, const Timeouts& timeouts);

  /// Its stdin. finish() closes it. A hook that went away is no error here: wait() tells.
  Sink& input();

  /// Waits for its end. Throws Error, of the kind that its exit code names, with its last words.
  void wait();

 private:
  class InputSink;
  void wait_for_output(std::chrono::seconds limit);
  void pump_messages(Fd error, Fd messages, Fd stop);
  [[noreturn]] void fail(int status) const;

  HookLog& log_;
  std::string what_;  // "postgres export my-db shop"
  std::unique_ptr<Process> process_;
  Fd output_;
  std::unique_ptr<InputSink> input_;
  Fd stop_pump_;
  std::thread pump_;
};

/// Where a restore puts the artifacts of its backup for its hooks, as their describe named them
/// (JSON); they find it in BACKUPS_ARTIFACTS.
std::filesystem::path artifact_list(const Run& run);

/// True when these hooks have the action, or there is a default one.
bool has_hook(const Hooks& installed, const HookSet& hooks, const std::string& action);

/// Runs a hook to its end; returns its stdout (at most 16 MiB). Throws Error.
std::string query_hook(const Hooks& installed, const Run& run, HookLog& log, const HookSet& hooks,
                       const std::string& action, const std::vector<std::string>& arguments,
                       const std::string& input = {}, const Timeouts& timeouts = kShortTimeouts);

/// Ends what the hooks of a run left behind outside the state directory: processes, and what their
/// `sweep` knows of; after a stop was asked for too, but only for some seconds. Throws Error.
void sweep_hooks(const Hooks& installed, const Paths& paths, const RunRecord& dead);

}  // namespace backups
