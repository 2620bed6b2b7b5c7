#include "restore/restore.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "copies/verify.hpp"
#include "host/stop_here.hpp"
#include "lifecycle/recover.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using Json = nlohmann::ordered_json;

bool replaces(const Restore& restore) {
  return restore.method() == RestoreMethod::kReplace || restore.method() == RestoreMethod::kInPlace;
}

std::string way_words(const Restore& restore) {
  switch (restore.method()) {
    case RestoreMethod::kSwap:
      if (restore.target().atomic)
        return "next to the live data, then copied over it in one transaction";
      return "next to the live data, then swapped in";
    case RestoreMethod::kReplace:
      return "into the live data, by the import command of its plugin";
    case RestoreMethod::kInPlace:
      if (!restore.target().beside)
        return "into the live data, by the import command of its plugin, streamed from the backup";
      break;
    case RestoreMethod::kAtomic:
      break;
  }
  switch (restore.rehearsal()) {
    case Restore::Rehearsal::kWhole:
      return "in place, after a full rehearsal next to the live data";
    case Restore::Rehearsal::kStructure:
      return "in place, after a rehearsal on empty tables, for which the rows are only read";
    case Restore::Rehearsal::kNone:
      break;
  }
  return "in place";
}

std::string preview_text(const Restore& restore, const RestoreRequest& request, bool safety) {
  const Manifest& manifest = restore.manifest();
  const Description& target = restore.target();
  std::vector<std::string> names;
  for (const auto& artifact : manifest.artifacts) names.push_back(artifact.name);
  const auto free = restore.space_free();
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
  row("Made by", manifest.engine + " " + manifest.engine_version +
                     (request.backup.imported ? ", on another host: " + manifest.host : ""));
  row("Into", request.target.spelling() + ", " + target.engine + " " + target.version);
  for (const auto& line : target.contents) row("Current contents", line);
  row("Method", way_words(restore));
  if (replaces(restore))
    row("If it fails",
        "it leaves " +
            (target.failure.empty() ? "the data incomplete or missing" : target.failure) +
            (safety ? "; the safety backup is then restored automatically"
                    : ", and there is no safety backup to restore"));
  if (!target.keeps.empty()) row("Left unchanged", target.keeps);
  for (const auto& warning : manifest.warnings) row("Not included", warning);
  if (!request.in_place)
    row("Disk space", "about " + human_size(restore.space_needed()) + " needed" +
                          (free ? ", " + human_size(*free) + " free" : ""));
  return text;
}

Json preview_json(const Restore& restore, const RestoreRequest& request) {
  const Manifest& manifest = restore.manifest();
  const Description& target = restore.target();
  const auto free = restore.space_free();
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
          {"space_needed", restore.space_needed()},
          {"space_free", free ? Json(*free) : Json()}};
}

RestoreRequest request_of(Call& call) {
  RestoreRequest request;
  request.backup = call.resolver.backup(call.word(0));
  require_content(request.backup);
  const auto into = call.options.value("into");
  request.target = into ? call.resolver.source(*into) : request.backup.source;
  // The question names the source that will be overwritten, however it was typed.
  call.resolver.authorise(request.target);
  if (!into && !call.state.settings.read().knows(request.target))
    throw Error(ErrorKind::kRefused,
                request.backup.id + " is a backup of " + printable(request.target.spelling()) +
                    ", a path that was never used on this host: to restore there, add --into " +
                    printable(request.target.spelling()));
  call.resolver.require_own_path(request.target, into.value_or(""));
  request.in_place = call.options.flag("in-place");
  request.ignore_version_mismatch = call.options.flag("ignore-version-mismatch");
  request.accept_incomplete = call.options.flag("accept-incomplete");
  return request;
}

bool is_forced(const Call& call) {
  return call.options.flag("force") || std::getenv("DOKKU_APPS_FORCE_DELETE") != nullptr;
}

/// Asks whether to continue without objects that can be rebuilt later.
void approve_losses(const RestoreRequest& request, const std::vector<LostObject>& lost) {
  for (const auto& one : lost) log::warn("Not restored: " + to_text(one));
  // This is the second question, so one piped answer is not enough.
  confirm(
      {.warning = "All rows are restored, but not these objects, which you can re-create by hand",
       .answers = {request.target.address, request.target.spelling()},
       .command = ""});
}

Json losses_json(const std::vector<LostObject>& lost) {
  Json list = Json::array();
  for (const auto& one : lost)
    list.push_back({{"artifact", one.artifact},
                    {"object", one.object},
                    {"code", one.code},
                    {"message", one.message},
                    {"rebuildable", one.kind == LostObject::Kind::kRebuildable}});
  return list;
}

void verify_all(Restore& restore) {
  log::step("Reading and checking every byte of " + restore.manifest().id);
  restore.verify(make_progress());
  restore.rehearse(make_progress());
}

std::string undo_advice(const Manifest& safety) {
  return "To undo the restore: " + command("restore") + " " + safety.source.type + ":" + safety.id;
}

/// The id of the safety backup; empty if none was taken.
std::string put_back(Call& call, Restore& restore, const RestoreRequest& request) {
  std::string safety_id;
  if (!call.options.flag("no-safety-backup") && restore.target().exists()) {
    log::step("Taking a safety backup of " + request.target.spelling());
    const Manifest safety = restore.make_safety_backup(make_progress());
    safety_id = safety.id;
    log::detail(undo_advice(safety));
  }
  log::step("Restoring " + restore.manifest().id + " into " + request.target.spelling());
  restore.apply(make_progress());
  const interrupt::Shield until_it_is_reported(1);
  call.resolver.remember_path(request.target);
  const auto lost = restore.lost();
  for (const auto& one : lost) log::warn("Not restored: " + to_text(one));
  log::result(request.target.spelling() + " is restored from " + restore.manifest().id +
              (lost.empty() ? ""
                            : ", without " + std::to_string(lost.size()) +
                                  (lost.size() == 1 ? " object" : " objects")));
  return safety_id;
}

int restore(Call& call) {
  RestoreRequest request = request_of(call);
  const bool forced = is_forced(call);
  const bool dry_run = call.options.flag("dry-run");
  if (!forced && !dry_run)
    request.approve = [&](const auto& lost) { approve_losses(request, lost); };
  stop_here("restore");
  Restore restore(call.state, request, lock_for_restore(call.state, request));
  const bool unseen = call.json || (log::quiet() && forced && !dry_run);
  if (!unseen) print(preview_text(restore, request, !call.options.flag("no-safety-backup")));
  restore.require_disk_space();
  if (!forced && !dry_run)
    confirm({.warning = "This replaces what is in " + request.target.spelling(),
             .answers = {request.target.address, request.target.spelling()},
             .command = as_typed(call.options)});
  verify_all(restore);
  Json json = preview_json(restore, request);
  json["status"] = "dry-run";
  if (dry_run) {
    log::result("Dry run succeeded; nothing was changed");
  } else {
    const std::string safety = put_back(call, restore, request);
    json["status"] = "restored";
    json["safety_backup"] = safety.empty() ? Json() : Json(safety);
    json["not_restored"] = losses_json(restore.lost());
  }
  if (call.json) print_json(json);
  return restore.lost().empty() ? 0 : static_cast<int>(ErrorKind::kPartial);
}

}  // namespace

Verb restore_verb() {
  return {"restore",
          "<backup> [--into <source>] [--dry-run] [--force] [--in-place] [--no-safety-backup] "
          "[--ignore-version-mismatch] [--accept-incomplete]",
          "restore a backup",
          {1, 1},
          {{"into", "SOURCE", "restore into another source of the same type"},
           {"dry-run", nullptr, "show the preview and run the checks without changing anything"},
           {"force", nullptr, "do not ask for confirmation"},
           {"in-place", nullptr, "replace the live data directly: needs less disk space"},
           {"no-safety-backup", nullptr, "do not back up the current contents first"},
           {"ignore-version-mismatch", nullptr, "allow restoring into an older server version"},
           {"accept-incomplete", nullptr,
            "restore even if constraints or other protections cannot be restored"}},
          restore,
          false,
          true};
}

}  // namespace backups
