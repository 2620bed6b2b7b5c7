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

/// "the backup of postgres:my-db"
std::string words_for(const RunRecord& run, const Source& source) {
  return "the " + (run.verb == kCreateVerb ? std::string("backup") : run.verb) + " of " +
         source.spelling();
}

/// The lock of the run is held, but its pid may be that of another process: in this PID namespace,
/// if the run is in a container.
void stop(const Paths& paths, const Source& source, const RunRecord& run) {
  if (signal_process(run.pid, run.process_start, SIGINT)) return;
  const auto now = cancellable_run(paths, source);
  if (!now || now->id != run.id) return;  // the run has just ended
  throw Error(ErrorKind::kFailed,
              words_for(run, source) + " runs as process " + std::to_string(run.pid) +
                  ", which is not visible from here: cancel it in the container in which it runs");
}

int cancel(Call& call) {
  const Source source = call.resolver.known_source(call.word(0));
  const auto run = cancellable_run(call.state.paths, source);
  if (!run) throw Error(ErrorKind::kNotFound, "no operation is running for " + source.spelling());
  log::step("Stopping " + words_for(*run, source));
  stop(call.state.paths, source, *run);
  const auto end = std::chrono::steady_clock::now() + kTimeout;
  for (auto now = run; now && now->id == run->id; now = cancellable_run(call.state.paths, source)) {
    if (std::chrono::steady_clock::now() > end)
      throw Error(
          ErrorKind::kFailed,
          words_for(*run, source) +
              " did not stop within a minute: it is completing a step, such as putting restored "
              "data in place. To stop it there, cancel it once more");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    interrupt::check();
  }
  log::result("Asked " + words_for(*run, source) + " to stop, and it has ended");
  if (call.json) print_json({{"source", source.text()}, {"status", "cancelled"}});
  return 0;
}

}  // namespace

Verb cancel_verb() {
  return {"cancel", "<source>", "stop the running operation of a source", {1, 1}, {}, cancel};
}

}  // namespace backups
