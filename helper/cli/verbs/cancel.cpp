#include <signal.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/run.hpp"
#include "sys/interrupt.hpp"
#include "sys/self.hpp"

namespace backups {
namespace {

constexpr auto kTimeout = std::chrono::seconds(60);

/// The lock of the run is held, but its number may be that of another process: here, when it works
/// in a container.
void stop(const Paths& paths, const Source& source, const RunRecord& run) {
  if (signal_process(run.pid, run.process_start, SIGINT)) return;
  const auto now = cancellable_run(paths, source);
  if (!now || now->id != run.id) return;  // it has just ended
  throw Error(ErrorKind::kFailed,
              "the " + run.verb + " of " + source.spelling() + " runs as process " +
                  std::to_string(run.pid) +
                  ", which is not visible from here: cancel it in the container in which it runs");
}

int cancel(Call& call) {
  const Source source = call.resolver.known_source(call.word(0));
  const auto run = cancellable_run(call.state.paths, source);
  if (!run) throw Error(ErrorKind::kNotFound, "no operation is running for " + source.spelling());
  log::step("Stopping the " + run->verb + " of " + source.spelling());
  stop(call.state.paths, source, *run);
  const auto end = std::chrono::steady_clock::now() + kTimeout;
  for (auto now = run; now && now->id == run->id; now = cancellable_run(call.state.paths, source)) {
    if (std::chrono::steady_clock::now() > end)
      throw Error(
          ErrorKind::kFailed,
          "the " + run->verb + " of " + source.spelling() +
              " did not stop within a minute: it is in a step that must not be interrupted");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    interrupt::check();
  }
  log::result("The " + run->verb + " of " + source.spelling() + " is stopped");
  if (call.json) print_json({{"source", source.text()}, {"status", "cancelled"}});
  return 0;
}

}  // namespace

Verb cancel_verb() {
  return {"cancel", "<source>", "stop the running operation of a source", {1, 1}, {}, cancel};
}

}  // namespace backups
