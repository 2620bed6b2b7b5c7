#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "host/run.hpp"

namespace backups {
namespace {

constexpr std::int64_t kDefaultLimit = 100;

std::string targets_of(const Backup& backup) {
  std::vector<std::string> targets;
  for (const auto& copy : backup.copies) {
    if (copy.status == CopyStatus::kDeleted) continue;
    targets.push_back(copy.target + (copy.status == CopyStatus::kSuccess
                                         ? ""
                                         : std::string(" (") + kCopyStatuses[copy.status] + ")"));
  }
  return targets.empty() ? "-" : join(targets, ", ");
}

std::vector<std::string> row_of(const Backup& backup, bool pinned) {
  std::string status = backup.deleted_at ? "deleted" : kBackupStatuses[backup.status];
  if (!backup.deleted_at && backup.reason == FailureReason::kInterrupted)
    status = kFailureReasons[backup.reason];
  if (backup.is_safety_or_final()) status += std::string(" (") + kTriggers[backup.trigger] + ")";
  if (!backup.suspect.empty()) status += " (suspect)";
  if (pinned) status += " (pinned)";
  return {backup.text(),
          status,
          lies_ahead(backup.started_at, now()) ? "in the future"
                                               : human_duration(now() - backup.started_at),
          backup.artifacts.empty() ? "-" : human_size(backup.stored_size()),
          targets_of(backup),
          backup.verified_at ? human_duration(now() - *backup.verified_at) + " ago" : "never"};
}

/// Without a source, those of all sources that the caller may see.
std::vector<Backup> find_backups(Call& call, const Catalog::Filter& filter) {
  Catalog& catalog = call.state.catalog.open();
  if (filter.source || !called_by_dokku()) return catalog.list(filter);
  Catalog::Filter allowed = filter;
  allowed.sources.emplace();
  for (const auto& source : call.resolver.allowed(catalog.sources()))
    allowed.sources->insert(source.text());
  return catalog.list(allowed);
}

int list(Call& call) {
  Catalog::Filter filter;
  if (!call.options.words().empty()) filter.source = call.resolver.known_source(call.word(0));
  filter.deleted = call.options.flag("all");
  const std::int64_t limit = call.options.number("limit", 0).value_or(kDefaultLimit);
  filter.limit = limit == 0 ? -1 : limit + 1;  // one more, to know whether there are more
  auto backups = find_backups(call, filter);
  const bool more = limit > 0 && backups.size() > static_cast<std::size_t>(limit);
  if (more) backups.pop_back();
  show_interrupted(call.state.paths, backups);

  const auto pins = call.state.settings.read().pins;
  if (call.json) {
    auto array = nlohmann::ordered_json::array();
    for (const auto& backup : backups)
      array.push_back(backup_to_json(backup, pins.contains(backup.text())));
    print_json({{"backups", array}, {"more", more}});
    return 0;
  }
  if (backups.empty()) {
    log::detail("No backups yet. Create one: " + command("create") + " <source>");
    return 0;
  }
  std::vector<std::vector<std::string>> rows = {
      {"BACKUP", "STATUS", "AGE", "SIZE", "TARGETS", "VERIFIED"}};
  for (const auto& backup : backups) rows.push_back(row_of(backup, pins.contains(backup.text())));
  print(format_table(rows));
  if (more) log::detail("There are more backups: --limit N shows up to N, --limit 0 shows all");
  return 0;
}

}  // namespace

Verb list_verb() {
  return {"list",
          "[<source>] [--all] [--limit N]",
          "list backups from newest to oldest",
          {0, 1},
          {{"all", nullptr, "include deleted backups"},
           {"limit", "N", "show at most N backups, 0 for all (default 100)"}},
          list,
          false,
          false,
          true};
}

}  // namespace backups
