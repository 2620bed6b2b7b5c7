#include "notify/alert.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/outbox.hpp"
#include "notify/channel.hpp"
#include "notify/deliver.hpp"

namespace backups {
namespace {

/// The channels that receive alerts of that kind.
std::vector<std::string> listeners(const Settings& settings, AlertKind kind) {
  const auto wanted = parse_alert_kinds(settings.get(Settings::kGlobal, "notify-on")).value();
  const bool is_wanted = std::find(wanted.begin(), wanted.end(), kind) != wanted.end();
  return is_wanted ? alert_channels(settings) : std::vector<std::string>();
}

/// True for errors that are no failure of a backup: a person stopped it, another one was running,
/// or the source was mistyped. The same errors are failures if a schedule meets them, except for
/// the first two.
bool is_no_failure(const BackupFailed& failed) {
  const ErrorKind kind = failed.error.kind();
  const bool mistyped = kind == ErrorKind::kNotFound || kind == ErrorKind::kBadInput;
  return kind == ErrorKind::kCancelled || kind == ErrorKind::kBusy ||
         (mistyped && failed.trigger == Trigger::kManual);
}

}  // namespace

void Alerts::handle_event(const HostEvent& event) const {
  try {
    std::visit([this](const auto& of_a_kind) { handle(of_a_kind); }, event);
    deliver_in_background(program_, catalog_);
  } catch (const std::exception& error) {
    log::warn(std::string("An alert could not be queued: ") + error.what());
  }
}

/// A success ends the incidents of earlier failures. Only a backup that was compared with others
/// can end that of suspect ones.
void Alerts::handle(const BackupMade& made) const {
  const Manifest& manifest = made.manifest;
  const std::string source = manifest.source.text();
  clear({.kind = AlertKind::kFailure,
         .source = source,
         .backup = manifest.id,
         .message = "Backup " + manifest.id + " done: " + human_size(manifest.stored_size()) +
                    " in " + human_duration(manifest.finished_at - manifest.started_at)});
  if (!made.advice.empty()) {
    raise({.kind = AlertKind::kSuspect,
           .source = source,
           .backup = manifest.id,
           .message = made.advice});
  } else if (made.is_compared) {
    clear({.kind = AlertKind::kSuspect,
           .source = source,
           .backup = manifest.id,
           .message = manifest.id + " is no longer suspect"});
  }
  handle(CopyEnded{manifest.source, manifest.id, made.target, std::nullopt});
}

void Alerts::handle(const BackupFailed& failed) const {
  if (is_no_failure(failed)) return;
  raise({.kind = AlertKind::kFailure,
         .source = failed.source.text(),
         .backup = failed.backup.empty() ? failed_attempt(failed.source) : failed.backup,
         .message = (failed.trigger == Trigger::kFinal ? "the final backup failed: " : "") +
                    std::string(failed.error.what()),
         .code = failed.error.exit_code()});
}

void Alerts::handle(const CopyEnded& ended) const {
  Alert alert{.kind = AlertKind::kPartial,
              .source = ended.source.text(),
              .backup = ended.backup,
              .target = ended.target};
  if (!ended.error) {
    alert.message = ended.backup + " was copied to " + ended.target;
    clear(alert);
  } else if (ended.error->kind() != ErrorKind::kCancelled) {
    alert.message = ended.error->what();
    alert.code = ended.error->exit_code();
    raise(alert);
  }
}

void Alerts::handle(const Problem& problem) const {
  if (raise(problem.alert) && problem.is_logged) log::warn(problem.alert.message);
}

void Alerts::handle(const ProblemsLeft& problems) const {
  for (const auto& subject : Outbox(catalog_.open().database()).subjects(name_of(problems.kind)))
    if (!problems.left.contains(subject))
      clear({.kind = problems.kind, .source = subject, .message = problems.message});
}

/// The dead man's switch hears of every run, so that its messages bypass the incidents.
void Alerts::handle(const SchedulesRan& ran) const {
  if (!has_channel(settings_.read(), kPing)) return;
  Alert alert{.kind = ran.kind, .message = ran.message};
  fill_in(alert);
  Outbox(catalog_.open().database()).queue(kPing, to_json_text(alert), alert.at);
}

bool Alerts::raise(Alert alert) const {
  const Settings settings = settings_.read();
  fill_in(alert);
  return Outbox(catalog_.open().database())
      .raise(name_of(alert.kind), subject_of(alert), alert.at,
             settings.seconds(Settings::kGlobal, "notify-every"), listeners(settings, alert.kind),
             to_json_text(alert));
}

void Alerts::clear(Alert alert) const {
  const std::string incident = name_of(alert.kind);
  alert.kind = AlertKind::kRecovery;
  fill_in(alert);
  Outbox(catalog_.open().database())
      .clear(incident, subject_of(alert), alert.at, listeners(settings_.read(), alert.kind),
             to_json_text(alert));
}

void Alerts::fill_in(Alert& alert) const {
  if (alert.at == 0) alert.at = now();
  if (alert.host.empty()) alert.host = identity_.read().name;
}

std::string Alerts::failed_attempt(const Source& source) const {
  Catalog::Filter newest;
  newest.source = source;
  newest.limit = 1;
  const auto found = catalog_.open().list(newest);
  return found.empty() || found.front().status != BackupStatus::kFailed ? "" : found.front().id;
}

}  // namespace backups
