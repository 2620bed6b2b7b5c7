#include "retention/prune.hpp"

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "lifecycle/recover.hpp"
#include "notify/watch.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Source> sources_to_prune(Call& call) {
  const bool all = call.options.flag("all");
  if (all == !call.options.words().empty())
    throw Error(ErrorKind::kBadInput,
                all ? "specify either a source or --all, not both" : "specify a source or --all");
  if (all) return call.resolver.allowed(call.state.catalog.open().sources());
  return {call.resolver.known_source(call.word(0))};
}

void show(Call& call, const std::vector<RetentionVerdict>& verdicts, Json& json) {
  std::vector<std::vector<std::string>> rows = {{"BACKUP", "TARGET", "ACTION", "WHY"}};
  for (const auto& [backup, target, verdict] : verdicts) {
    if (!verdict.keep || !log::quiet())
      rows.push_back({backup.id, target, verdict.keep ? "keep" : "remove", verdict.reason});
    json.push_back({{"source", backup.source.text()},
                    {"id", backup.id},
                    {"target", target},
                    {"keep", verdict.keep},
                    {"reason", verdict.reason}});
  }
  if (!call.json && rows.size() > 1) print(format_table(rows));
}

int prune_sources(Call& call) {
  State& state = call.state;
  Json json = Json::array();
  Pruned sum;
  int busy = 0;
  for (const auto& source : sources_to_prune(call)) {
    const bool dry = call.options.flag("dry-run");
    try {
      const auto lock =
          dry ? std::nullopt
              : std::optional(lock_source(state, source, "prune", Reach::kEverywhere));
      warn_of_clock(state.catalog.open(), source);
      show(call,
           evaluate_retention(state.paths, state.settings, state.identity, state.catalog, source),
           json);
      if (dry) continue;
      const Pruned pruned = prune(state, source);
      sum.removed += pruned.removed;
      sum.failed += pruned.failed;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBusy || !call.options.flag("all")) throw;
      log::warn(error.what());
      busy = static_cast<int>(error.kind());
    }
  }
  if (call.options.flag("all") && !call.options.flag("dry-run"))
    for (const auto& [target, options] : state.settings.read().targets)
      end_stale_uploads(state.identity, state.targets, state.catalog, target);
  if (!call.options.flag("dry-run"))
    log::result("Removed " + std::to_string(sum.removed) +
                (sum.removed == 1 ? " copy" : " copies"));
  if (call.json) print_json({{"copies", json}, {"removed", sum.removed}, {"failed", sum.failed}});
  return sum.failed == 0 ? busy : static_cast<int>(ErrorKind::kPartial);
}

}  // namespace

Verb prune_verb() {
  return {
      "prune",
      "<source>|--all [--dry-run]",
      "remove backups that retention no longer keeps and show the reasons",
      {0, 1},
      {{"all", nullptr, "every source"}, {"dry-run", nullptr, "only show what would be removed"}},
      prune_sources,
      false,
      true};
}

}  // namespace backups
