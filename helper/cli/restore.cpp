#include "engine/restore.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "engine/verify.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

bool replaces(const Restore& restore) {
  return restore.way() == Way::kReplace || restore.way() == Way::kInPlace;
}

std::string preview_text(const Restore& restore, const RestoreRequest& request, bool safety) {
  const Manifest& manifest = restore.manifest();
  const Description& target = restore.target();
  std::vector<std::string> names;
  for (const auto& artifact : manifest.artifacts) names.push_back(artifact.name);
  const auto free = restore.room_free();
  std::string text = "=====> Restore of " + manifest.id + "\n";
  const auto row = [&](const std::string& key, const std::string& value) {
    std::string line = "       " + key + ":";
    line.resize(std::max<std::size_t>(line.size() + 1, 31), ' ');
    text += line + printable(value) + "\n";
  };
  row("From", manifest.source.spelling() + ", made " + human_duration(now() - manifest.started_at) +
                  " ago, " + rfc3339(manifest.started_at));
  row("Size", human_size(manifest.stored_size()) + " stored, " + human_size(manifest.raw_size()) +
                  " plain");
  row("Artifacts", join(names, ", "));
  row("Made by", manifest.engine + " " + manifest.engine_version);
  row("Into", request.target.spelling() + ", " + target.engine + " " + target.version);
  for (const auto& line : target.contents) row("There now", line);
  row("Way", request.in_place ? "in place: the live data goes first, and a failure leaves it so"
             : target.beside  ? "beside the live data, then swapped in"
                              : "into the live data, by the import of its own plugin");
  if (replaces(restore))
    row("If it fails",
        "it leaves " + (target.failure.empty() ? "the data incomplete or gone" : target.failure) +
            (safety ? "; the safety backup is then put back by itself"
                    : ", and there is no safety backup to put back"));
  if (!target.keeps.empty()) row("Remains", target.keeps);
  for (const auto& warning : manifest.warnings) row("Not in it", warning);
  row("Room", "about " + human_size(restore.room_needed()) + " needed" +
                  (free ? ", " + human_size(*free) + " free" : ""));
  return text;
}

Json preview_json(const Restore& restore, const RestoreRequest& request) {
  const Manifest& manifest = restore.manifest();
  const Description& target = restore.target();
  const auto free = restore.room_free();
  return {{"backup", manifest.id},
          {"source", manifest.source.text()},
          {"into", request.target.text()},
          {"started_at", rfc3339(manifest.started_at)},
          {"stored_size", manifest.stored_size()},
          {"raw_size", manifest.raw_size()},
          {"engine", manifest.engine},
          {"engine_version", manifest.engine_version},
          {"target_engine_version", target.version},
          {"target_contents", target.contents},
          {"in_place", request.in_place},
          {"replaces_live_data", replaces(restore)},
          {"warnings", manifest.warnings},
          {"room_needed", restore.room_needed()},
          {"room_free", free ? Json(*free) : Json()}};
}

RestoreRequest request_of(Call& call) {
  RestoreRequest request;
  request.backup = call.resolver.backup(call.word(0));
  require_content(request.backup);
  const auto into = call.options.value("into");
  request.target = into ? call.resolver.source(*into) : request.backup.source;
  request.in_place = call.options.flag("in-place");
  request.ignore_version_mismatch = call.options.flag("ignore-version-mismatch");
  return request;
}

void verify_all(Restore& restore) {
  log::step("Reading and checking every byte of " + restore.manifest().id);
  restore.verify(make_progress());
  restore.rehearse(make_progress());
}

std::string way_back(const Manifest& safety) {
  return "To take it back: backups:restore " + safety.source.type + ":" + safety.id;
}

/// The id of the safety backup, empty when there is none.
std::string put_back(Call& call, Restore& restore, const RestoreRequest& request) {
  std::string safety_id;
  if (!call.options.flag("no-safety-backup") && restore.target().exists()) {
    log::step("Taking a safety backup of " + request.target.spelling());
    const Manifest safety = restore.make_safety_backup(make_progress());
    safety_id = safety.id;
    log::detail(way_back(safety));
  }
  log::step("Restoring " + restore.manifest().id + " into " + request.target.spelling());
  restore.apply(make_progress());
  log::result(request.target.spelling() + " is restored from " + restore.manifest().id);
  return safety_id;
}

int restore(Call& call) {
  const RestoreRequest request = request_of(call);
  Restore restore(call.state, request);
  const bool dry_run = call.options.flag("dry-run");
  const bool forced =
      call.options.flag("force") || std::getenv("DOKKU_APPS_FORCE_DELETE") != nullptr;
  const bool unseen = call.json || (log::quiet() && forced && !dry_run);
  if (!unseen) print(preview_text(restore, request, !call.options.flag("no-safety-backup")));
  restore.require_room();
  if (!forced && !dry_run)
    confirm("This replaces what is in " + request.target.spelling(), request.target.address);
  verify_all(restore);
  Json json = preview_json(restore, request);
  json["status"] = "dry-run";
  if (dry_run) {
    log::result("Everything is in order; nothing was changed");
  } else {
    const std::string safety = put_back(call, restore, request);
    json["status"] = "restored";
    json["safety_backup"] = safety.empty() ? Json() : Json(safety);
  }
  if (call.json) print_json(json);
  return 0;
}

}  // namespace

Verb restore_verb() {
  return {"restore",
          "<backup> [--into <source>] [--dry-run] [--force] [--in-place] [--no-safety-backup] "
          "[--ignore-version-mismatch]",
          "put a backup back",
          {1, 1},
          {{"into", "SOURCE", "restore into another source of the same type"},
           {"dry-run", nullptr, "only show and check: change nothing"},
           {"force", nullptr, "don't ask"},
           {"in-place", nullptr, "where there is no room for two: replace the live data directly"},
           {"no-safety-backup", nullptr, "don't back up first what is there now"},
           {"ignore-version-mismatch", nullptr, "restore into an older server all the same"}},
          restore};
}

}  // namespace backups
