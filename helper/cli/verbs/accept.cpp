#include <nlohmann/json.hpp>

#include "backup/suspect.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "notify/alert.hpp"

namespace backups {
namespace {

int accept(Call& call) {
  const Source source = call.resolver.known_source(call.word(0));
  const auto ids = accept_suspects(call.state, source);
  if (ids.empty()) throw Error(ErrorKind::kNotFound, source.spelling() + " has no suspect backup");
  clear_alert(call.state, {.kind = AlertKind::kSuspect,
                           .source = source.text(),
                           .backup = ids.front(),
                           .message = ids.front() + " is marked as good"});
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
