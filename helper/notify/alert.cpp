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
  const bool heard = std::find(wanted.begin(), wanted.end(), kind) != wanted.end();
  return heard ? alert_channels(settings) : std::vector<std::string>();
}

void fill_in(Identity& identity, Alert& alert) {
  if (alert.at == 0) alert.at = now();
  if (alert.host.empty()) alert.host = identity.read().name;
}

bool raise(State& state, Alert alert) {
  const Settings settings = state.settings.read();
  fill_in(state.identity, alert);
  return Outbox(state.catalog.open().database())
      .raise(name_of(alert.kind), subject_of(alert), alert.at,
             settings.seconds(Settings::kGlobal, "notify-every"), listeners(settings, alert.kind),
             to_json_text(alert));
}

}  // namespace

void tell_quietly(const Program& program, CatalogFile& catalog, const std::function<void()>& work) {
  try {
    work();
    deliver_in_background(program, catalog);
  } catch (const std::exception& error) {
    log::warn(std::string("An alert could not be queued: ") + error.what());
  }
}

bool raise_alert(State& state, Alert alert) {
  bool is_new = false;
  tell_quietly(state.program, state.catalog, [&] { is_new = raise(state, std::move(alert)); });
  return is_new;
}

void clear_alert(State& state, Alert alert) {
  tell_quietly(state.program, state.catalog, [&] {
    const std::string incident = name_of(alert.kind);
    alert.kind = AlertKind::kRecovery;
    fill_in(state.identity, alert);
    Outbox(state.catalog.open().database())
        .clear(incident, subject_of(alert), alert.at, listeners(state.settings.read(), alert.kind),
               to_json_text(alert));
  });
}

void subscribe_alerts(State& state) {
  state.events.subscribe([&state](const Alert& alert, bool is_over) {
    if (is_over) {
      clear_alert(state, alert);
    } else {
      raise_alert(state, alert);
    }
  });
}

void clear_others(State& state, AlertKind kind, const std::set<std::string>& still,
                  const std::string& message) {
  tell_quietly(state.program, state.catalog, [&] {
    for (const auto& subject : Outbox(state.catalog.open().database()).subjects(name_of(kind)))
      if (!still.contains(subject))
        clear_alert(state, {.kind = kind, .source = subject, .message = message});
  });
}

void ping(State& state, AlertKind kind, const std::string& message) {
  tell_quietly(state.program, state.catalog, [&] {
    if (!has_channel(state.settings.read(), kPing)) return;
    Alert alert{.kind = kind, .message = message};
    fill_in(state.identity, alert);
    Outbox(state.catalog.open().database()).queue(kPing, to_json_text(alert), alert.at);
  });
}

void tell_copy(State& state, const Source& source, const std::string& id, const std::string& target,
               const Error* error) {
  Alert alert{.kind = AlertKind::kPartial, .source = source.text(), .backup = id, .target = target};
  if (error == nullptr) {
    alert.message = id + " was copied to " + target;
    clear_alert(state, alert);
  } else if (error->kind() != ErrorKind::kCancelled) {
    alert.message = error->what();
    alert.code = error->exit_code();
    raise_alert(state, alert);
  }
}

}  // namespace backups
