#include <nlohmann/json.hpp>

#include "backup/suspect.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/run.hpp"
#include "lifecycle/recover.hpp"
#include "restore/rollback.hpp"

namespace backups {
namespace {

/// Accepts the data that a restore may have left incomplete. Returns false if there is no such
/// restore.
bool accept_data(State& state, const Source& source) {
  if (unfinished_replacements(state.paths, source).empty()) return false;
  const Lock lock = lock_source(state, source, "accept");
  forget_replacements(state.paths, source);
  const std::string message = "the data of " + source.spelling() + " is marked as complete";
  state.events.publish(
      ProblemSolved{{.kind = AlertKind::kRestore, .source = source.text(), .message = message}});
  log::result(message);
  return true;
}

int accept(Call& call) {
  const Source source = call.resolver.known_source(call.word(0));
  const bool accepted_data = accept_data(call.state, source);
  const auto ids = accept_suspects(call.state.settings, call.state.catalog.open(), source);
  if (ids.empty() && !accepted_data)
    throw Error(ErrorKind::kNotFound, source.spelling() + " has no suspect backup");
  if (!ids.empty())
    call.state.events.publish(ProblemSolved{{.kind = AlertKind::kSuspect,
                                             .source = source.text(),
                                             .backup = ids.front(),
                                             .message = ids.front() + " is marked as good"}});
  for (const auto& id : ids) log::result(id + " is marked as good");
  if (call.json) print_json({{"source", source.text()}, {"accepted", ids}});
  return 0;
}

}  // namespace

Verb accept_verb() {
  return {"accept", "<source>", "mark the suspect backups of a source as good", {1, 1}, {}, accept,
          false,    true};
}

}  // namespace backups
