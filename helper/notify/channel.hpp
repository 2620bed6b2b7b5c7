#pragma once

#include <string>
#include <vector>

#include "host/environment.hpp"
#include "model/alert.hpp"
#include "model/settings.hpp"

namespace backups {

/// The dead man's switch, which is told of every run, in order, and of no incident.
constexpr const char* kPing = "ping";

/// The configured channels for alerts, of "webhook", "mail" and "command".
std::vector<std::string> alert_channels(const Settings& settings);

/// True if that channel, one of the above or kPing, is configured.
bool has_channel(const Settings& settings, const std::string& channel);

/// Sends an alert, by programs with that environment where it is not sent by HTTP, which takes at
/// most some seconds. Throws Error, never with a secret in its message: kRefused if the server
/// rejects it (400 to 499), kCancelled, or another kind.
void send_alert(const Environment& environment, const Settings& settings,
                const std::string& channel, const Alert& alert);

}  // namespace backups
