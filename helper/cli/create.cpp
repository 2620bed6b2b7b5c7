#include "engine/create.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

std::vector<Source> sources_of(Call& call) {
  const bool all = call.options.flag("all");
  if (all != call.options.words().empty())
    throw Error(ErrorKind::kBadInput,
                all ? "either sources or --all, not both" : "say which source, or --all");
  if (all) return call.resolver.all_live();
  std::vector<Source> sources;
  for (const auto& word : call.options.words()) sources.push_back(call.resolver.source(word));
  return sources;
}

Manifest create_one(Call& call, const Source& source, const std::string& label) {
  log::step("Backing up " + source.spelling());
  const Lock lock = call.state.lock(source, "create");
  const CreateRequest request{source, "manual", label};
  Manifest manifest = create_backup(call.state, request, make_progress());
  end_progress();
  log::result("Backup " + manifest.id + " done: " + human_size(manifest.stored_size()) + " in " +
              human_duration(manifest.finished_at - manifest.started_at));
  return manifest;
}

int create(Call& call) {
  const std::string label = label_of(call.options);
  const auto sources = sources_of(call);
  int worst = 0;
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const auto& source : sources) {
    try {
      const Manifest manifest = create_one(call, source, label);
      if (!call.json) print(manifest.id + "\n");
      results.push_back({{"source", source.text()},
                         {"status", "success"},
                         {"id", manifest.id},
                         {"stored_size", manifest.stored_size()},
                         {"raw_size", manifest.raw_size()}});
    } catch (const Error& error) {
      end_progress();
      if (sources.size() == 1 && !call.json) throw;
      const std::string why = error.what();
      const bool named = why.find(source.spelling()) != std::string::npos;
      log::warn(named ? why : source.spelling() + ": " + why);
      worst = std::max(worst, error.exit_code());
      results.push_back({{"source", source.text()}, {"status", "failed"}, {"error", error.what()}});
      if (error.kind() == ErrorKind::kCancelled) break;
    }
  }
  if (call.json) print_json({{"backups", results}});
  return worst;
}

}  // namespace

Verb create_verb() {
  return {"create",
          "<source>...|--all [--label TEXT]",
          "take a backup now and print its id",
          {0, 1000},
          {{"all", nullptr, "every source that can be listed"},
           {"label", "TEXT", "kept with the backup"}},
          create};
}

}  // namespace backups
