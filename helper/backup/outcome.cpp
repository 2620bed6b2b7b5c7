#include "backup/outcome.hpp"

#include "backup/suspect.hpp"
#include "base/text.hpp"
#include "notify/alert.hpp"

namespace backups {
namespace {

/// What no backup is to blame for.
bool is_no_failure(const CreateRequest& request, ErrorKind kind) {
  const bool mistyped = kind == ErrorKind::kNotFound || kind == ErrorKind::kBadInput;
  return kind == ErrorKind::kCancelled || kind == ErrorKind::kBusy ||
         (mistyped && request.trigger == Trigger::kManual);
}

/// The id of the newest attempt, if it failed.
std::string failed_attempt(Catalog& catalog, const Source& source) {
  Catalog::Filter newest;
  newest.source = source;
  newest.limit = 1;
  const auto found = catalog.list(newest);
  return found.empty() || found.front().status != BackupStatus::kFailed ? "" : found.front().id;
}

void tell_suspicion(State& state, const Manifest& manifest) {
  Alert alert{.kind = AlertKind::kSuspect, .source = manifest.source.text(), .backup = manifest.id};
  alert.message = suspicion_text(state.catalog.open(), manifest);
  if (!alert.message.empty()) {
    raise_alert(state, alert);
  } else if (is_judged(manifest)) {
    alert.message = manifest.id + " is no longer suspect";
    clear_alert(state, alert);
  }
}

}  // namespace

void tell_outcome(State& state, const CreateRequest& request, const Manifest& manifest) {
  clear_alert(state,
              {.kind = AlertKind::kFailure,
               .source = request.source.text(),
               .backup = manifest.id,
               .message = "Backup " + manifest.id + " done: " + human_size(manifest.stored_size()) +
                          " in " + human_duration(manifest.finished_at - manifest.started_at)});
  tell_quietly(state.program, state.catalog, [&] {
    tell_suspicion(state, manifest);
    tell_copy(state, request.source, manifest.id,
              first_target(state.settings.read(), request.targets), nullptr);
  });
}

void tell_outcome(State& state, const CreateRequest& request, const Error& error) {
  if (is_no_failure(request, error.kind())) return;
  tell_quietly(state.program, state.catalog, [&] {
    raise_alert(
        state, {.kind = AlertKind::kFailure,
                .source = request.source.text(),
                .backup = failed_attempt(state.catalog.open(), request.source),
                .message = (request.trigger == Trigger::kFinal ? "the final backup failed: " : "") +
                           std::string(error.what()),
                .code = error.exit_code()});
  });
}

}  // namespace backups
