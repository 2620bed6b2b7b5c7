#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/copy.hpp"
#include "host/run.hpp"
#include "model/opening.hpp"

namespace backups {
namespace {

ReportRows rows_of(const Backup& backup, bool pinned) {
  ReportRows rows = {{"Source", backup.source.spelling()},
                     {"Status", kBackupStatuses[backup.status] +
                                    std::string(backup.deleted_at ? " (deleted)" : "")},
                     {"Made by", kTriggers[backup.trigger] +
                                     (backup.schedule.empty() ? "" : " " + backup.schedule)},
                     {"Label", backup.label},
                     {"Started at", rfc3339(backup.started_at)},
                     {"Finished at", backup.finished_at > 0 ? rfc3339(backup.finished_at) : "-"},
                     {"Verified at", backup.verified_at ? rfc3339(*backup.verified_at) : "never"},
                     {"Pinned", pinned ? "yes" : "no"}};
  if (!backup.suspect.empty()) rows.emplace_back("Suspect", backup.suspect);
  if (!backup.error.empty()) rows.emplace_back("Error", backup.error);
  for (const auto& copy : backup.copies)
    rows.emplace_back("Copy " + copy.target,
                      kCopyStatuses[copy.status] + (copy.error.empty() ? "" : ": " + copy.error));
  return rows;
}

/// Nothing for a stage that this version does not support.
std::optional<Stages> known_stages(const Manifest& manifest) {
  try {
    return stages_of(manifest);
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// A manifest may come from anybody: how to open its files is never taken from it.
Manifest with_own_commands(Readers& readers, Manifest manifest) {
  const auto stages = known_stages(manifest);
  for (auto& artifact : manifest.artifacts)
    artifact.open_command =
        stages ? open_command(*stages, artifact.file, readers.of(artifact)) : "";
  return manifest;
}

void add_manifest(ReportRows& rows, const Paths& paths, Readers& readers,
                  const Manifest& manifest) {
  rows.emplace_back("Engine", manifest.engine + " " + manifest.engine_version);
  rows.emplace_back("Image", manifest.image);
  rows.emplace_back("Host", manifest.host);
  rows.emplace_back("Stored size", human_size(manifest.stored_size()));
  rows.emplace_back("Plain size", human_size(manifest.raw_size()));
  for (const auto& warning : manifest.warnings) rows.emplace_back("Warning", warning);
  for (const auto& artifact : manifest.artifacts) {
    rows.emplace_back(
        "Artifact " + artifact.name,
        artifact.file + ", " + human_size(artifact.stored_size) +
            (artifact.minimum_client.empty()
                 ? ""
                 : ", requires client version " + artifact.minimum_client + " or newer"));
    rows.emplace_back("Open with", artifact.open_command);
    if (known_stages(manifest))
      rows.emplace_back("Or with", download_command(paths, readers, manifest, artifact));
  }
}

std::optional<Manifest> manifest_of(State& state, Readers& readers, const Backup& backup) {
  if (backup.status != BackupStatus::kSuccess || backup.deleted_at) return std::nullopt;
  try {
    return with_own_commands(readers,
                             any_manifest(state.targets, state.catalog, state.events, backup));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    return std::nullopt;
  }
}

nlohmann::ordered_json events_to_json(const std::vector<Event>& events) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& event : events)
    array.push_back({{"at", rfc3339(event.at)}, {"what", event.what}, {"detail", event.detail}});
  return array;
}

int info(Call& call) {
  std::vector<Backup> backups = {call.resolver.backup(call.word(0))};
  show_interrupted(call.state.paths, backups);
  const Backup& backup = backups.front();
  const bool pinned = call.state.settings.read().pins.contains(backup.text());
  Readers readers(call.state.hooks, call.state.paths, backup.source);
  const auto manifest = manifest_of(call.state, readers, backup);
  const auto events = call.state.catalog.open().events(backup);
  const std::string directory =
      (call.state.paths.root / backup.source.type / backup.source.name).string();
  if (call.json) {
    auto json = backup_to_json(backup, pinned);
    json["directory"] = directory;
    json["manifest"] = manifest ? manifest_to_json(*manifest) : nullptr;
    json["events"] = events_to_json(events);
    print_json(json);
    return 0;
  }
  ReportRows rows = rows_of(backup, pinned);
  rows.emplace_back("Directory", directory);
  if (manifest) add_manifest(rows, call.state.paths, readers, *manifest);
  for (const auto& event : events)
    rows.emplace_back("Event", rfc3339(event.at) + " " + event.what + " " + event.detail);
  std::erase_if(rows, [](const auto& row) { return row.second.empty(); });
  print(format_report(backup.text(), rows));
  return 0;
}

}  // namespace

Verb info_verb() {
  return {"info", "<backup>", "show the details of a backup and how to open it without this plugin",
          {1, 1}, {},         info,
          false,  false,      true};
}

}  // namespace backups
