#include "engine/alert.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "catalog/outbox.hpp"
#include "engine/channel.hpp"
#include "engine/deliver.hpp"
#include "engine/suspect.hpp"

namespace backups {
namespace {

template <typename Work>
void quietly(State& state, const Work& work) {
  try {
    work();
    deliver_in_background(state);
  } catch (const std::exception& error) {
    log::warn(std::string("An alert may not arrive: ") + error.what());
  }
}

/// Those that hear of that kind.
std::vector<std::string> listeners(const Settings& settings, AlertKind kind) {
  const auto wanted = parse_alert_kinds(settings.get(Settings::kGlobal, "notify-on")).value();
  const bool heard = std::find(wanted.begin(), wanted.end(), kind) != wanted.end();
  return heard ? alert_channels(settings) : std::vector<std::string>();
}

void fill_in(State& state, Alert& alert) {
  if (alert.at == 0) alert.at = now();
  if (alert.host.empty()) alert.host = state.host();
}

bool raise(State& state, Alert alert) {
  const Settings settings = state.settings();
  fill_in(state, alert);
  return Outbox(state.catalog().database())
      .raise(name_of(alert.kind), subject_of(alert), alert.at,
             settings.seconds(Settings::kGlobal, "notify-every"), listeners(settings, alert.kind),
             to_json_text(alert));
}

/// What no backup is to blame for.
bool is_no_failure(const CreateRequest& request, ErrorKind kind) {
  const bool mistyped = kind == ErrorKind::kNotFound || kind == ErrorKind::kBadInput;
  return kind == ErrorKind::kCancelled || kind == ErrorKind::kBusy ||
         (mistyped && request.trigger == "manual");
}

/// The id of the newest attempt, if it failed.
std::string failed_attempt(State& state, const Source& source) {
  Catalog::Filter newest;
  newest.source = source;
  newest.limit = 1;
  const auto found = state.catalog().list(newest);
  return found.empty() || found.front().status != "failed" ? "" : found.front().id;
}

}  // namespace

bool raise_alert(State& state, Alert alert) {
  bool is_new = false;
  quietly(state, [&] { is_new = raise(state, std::move(alert)); });
  return is_new;
}

void clear_alert(State& state, Alert alert) {
  quietly(state, [&] {
    const std::string trouble = name_of(alert.kind);
    alert.kind = AlertKind::kRecovery;
    fill_in(state, alert);
    Outbox(state.catalog().database())
        .clear(trouble, subject_of(alert), alert.at, listeners(state.settings(), alert.kind),
               to_json_text(alert));
  });
}

void clear_others(State& state, AlertKind kind, const std::set<std::string>& still,
                  const std::string& message) {
  quietly(state, [&] {
    for (const auto& subject : Outbox(state.catalog().database()).subjects(name_of(kind)))
      if (!still.contains(subject))
        clear_alert(state, {.kind = kind, .source = subject, .message = message});
  });
}

void ping(State& state, AlertKind kind, const std::string& message) {
  quietly(state, [&] {
    if (!has_channel(state.settings(), kPing)) return;
    Alert alert{.kind = kind, .message = message};
    fill_in(state, alert);
    Outbox(state.catalog().database()).queue(kPing, to_json_text(alert), alert.at);
  });
}

void tell_copy(State& state, const Source& source, const std::string& id, const std::string& target,
               const Error* error) {
  Alert alert{.kind = AlertKind::kPartial, .source = source.text(), .backup = id, .target = target};
  if (error == nullptr) {
    alert.message = id + " is on " + target;
    clear_alert(state, alert);
  } else if (error->kind() != ErrorKind::kCancelled) {
    alert.message = error->what();
    alert.code = error->exit_code();
    raise_alert(state, alert);
  }
}

namespace {

void tell_suspicion(State& state, const Manifest& manifest) {
  Alert alert{.kind = AlertKind::kSuspect, .source = manifest.source.text(), .backup = manifest.id};
  alert.message = suspicion_text(state, manifest);
  if (!alert.message.empty()) {
    raise_alert(state, alert);
  } else if (is_judged(manifest)) {
    alert.message = manifest.id + " is as it should be";
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
  quietly(state, [&] {
    tell_suspicion(state, manifest);
    tell_copy(state, request.source, manifest.id, first_target(state.settings(), request.targets),
              nullptr);
  });
}

void tell_outcome(State& state, const CreateRequest& request, const Error& error) {
  if (is_no_failure(request, error.kind())) return;
  quietly(state, [&] {
    raise(state, {.kind = AlertKind::kFailure,
                  .source = request.source.text(),
                  .backup = failed_attempt(state, request.source),
                  .message = (request.trigger == "final" ? "no final backup: " : "") +
                             std::string(error.what()),
                  .code = error.exit_code()});
  });
}

}  // namespace backups
