#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "backup/run_backup.hpp"
#include "backup/suspect.hpp"
#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/targets.hpp"
#include "lifecycle/recover.hpp"
#include "notify/watch.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

std::vector<Source> sources_to_back_up(Call& call) {
  const bool all = call.options.flag("all");
  if (all != call.options.words().empty())
    throw Error(ErrorKind::kBadInput,
                all ? "specify either sources or --all, not both" : "specify a source or --all");
  if (all) {
    const auto found = call.resolver.everything();
    if (found.empty())
      throw Error(ErrorKind::kNotFound,
                  "nothing to back up: no service, no schedule and no earlier backup of a "
                  "file. Specify a source, for example " +
                      command("create") + " sqlite:/srv/app.db");
    return found;
  }
  std::vector<Source> sources;
  for (const auto& word : call.options.words()) {
    sources.push_back(call.resolver.source(word));
    call.resolver.require_own_path(sources.back(), word);
  }
  return sources;
}

/// The targets of --target, which must exist before anything begins; without the option, those of
/// the source, where a missing one fails only its copy.
std::vector<std::string> targets_of(Call& call, const Source& source) {
  const auto named = call.options.value("target");
  if (!named) return default_targets(call.state.settings.read(), source);
  auto targets = parse_target_list(*named);
  require_targets(call.state.settings.read(), targets);
  return targets;
}

/// The message for a failed copy, with what to do next.
std::string copy_failure(const Manifest& manifest, const std::string& target, const Error& error) {
  const std::string push =
      command("push") + " " + manifest.source.type + ":" + manifest.id + " --target " + target;
  if (error.kind() == ErrorKind::kCancelled)
    return "the backup " + manifest.id + " was made, but its copy to " + target +
           " was cancelled. The tick makes it later; to make it now: " + push;
  const std::string why = error.what();
  return error.kind() == ErrorKind::kNotFound ? why : why + ". Try again: " + push;
}

Created create_one(Call& call, const Source& source, const std::string& label) {
  log::step("Backing up " + source.spelling());
  const auto targets = targets_of(call, source);
  Lock lock = lock_source(call.state, source, "create");
  Created created = run_backup(call.state, std::move(lock),
                               {source, Trigger::kManual, label, targets}, make_progress());
  const interrupt::Shield until_it_is_reported(1);  // a cancelled copy leaves the backup
  const Manifest& manifest = created.manifest;
  call.resolver.remember_path(source);
  log::result("Backup " + manifest.id + " done: " + human_size(manifest.stored_size()) + " in " +
              human_duration(manifest.finished_at - manifest.started_at));
  warn_of_clock(call.state.catalog.open(), source);
  if (const std::string text = suspicion_text(call.state.catalog, manifest); !text.empty())
    log::warn(text);
  for (const auto& [target, error] : created.failed_copies)
    log::warn(copy_failure(manifest, target, error));
  if (!call.json) print(manifest.id + "\n");
  return created;
}

/// A cancelled copy is not a failure of its target.
int code_of(const std::map<std::string, Error>& failed_copies) {
  const bool cancelled =
      std::any_of(failed_copies.begin(), failed_copies.end(),
                  [](const auto& copy) { return copy.second.kind() == ErrorKind::kCancelled; });
  return static_cast<int>(cancelled ? ErrorKind::kCancelled : ErrorKind::kPartial);
}

int create(Call& call) {
  const std::string label = label_of(call.options);
  const auto sources = sources_to_back_up(call);
  int worst = 0;
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const auto& source : sources) {
    try {
      const auto [manifest, failed_copies] = create_one(call, source, label);
      if (!failed_copies.empty()) worst = std::max(worst, code_of(failed_copies));
      results.push_back({{"source", source.text()},
                         {"status", failed_copies.empty() ? "success" : "partial"},
                         {"id", manifest.id},
                         {"stored_size", manifest.stored_size()},
                         {"raw_size", manifest.raw_size()}});
      if (interrupt::requested()) break;
    } catch (const std::exception& error) {  // whatever it was, the other sources are backed up
      if (sources.size() == 1 && !call.json) throw;
      const std::string why = error.what();
      const bool named = why.find(source.spelling()) != std::string::npos;
      log::warn(named ? why : source.spelling() + ": " + why);
      const auto* own = dynamic_cast<const Error*>(&error);
      const auto kind = own == nullptr ? ErrorKind::kFailed : own->kind();
      worst = std::max(worst, static_cast<int>(kind));
      results.push_back({{"source", source.text()}, {"status", "failed"}, {"error", why}});
      if (kind == ErrorKind::kCancelled) break;
    }
  }
  const interrupt::Shield until_it_is_printed(1);
  if (call.json) print_json({{"backups", results}});
  return worst;
}

}  // namespace

Verb create_verb() {
  return {"create",
          "<source>...|--all [--target NAME]... [--label TEXT]",
          "take a backup now and print its id",
          {0, 1000},
          {{"all", nullptr, "every service, and every source with a schedule or an earlier backup"},
           {"target", "NAME",
            "store it on this target; may be repeated (default: the property targets)", true},
           {"label", "TEXT", "a note stored with the backup"}},
          create};
}

}  // namespace backups
