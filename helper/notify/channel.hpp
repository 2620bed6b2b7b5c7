#pragma once

#include <string>
#include <vector>

#include "host/environment.hpp"
#include "model/alert.hpp"
#include "model/settings.hpp"

namespace backups {

/// The channel for a dead man's switch. It gets a message for every run, in order, and no alerts.
constexpr const char* kPing = "ping";

/// The configured channels for alerts, of "webhook", "mail" and "command".
std::vector<std::string> alert_channels(const Settings& settings);

/// True if that channel, one of the above or kPing, is configured.
bool has_channel(const Settings& settings, const std::string& channel);

/// Sends an alert and waits until it is sent: by HTTP for at most 10 s, or by a program with that
/// environment for at most 30 s. Throws Error: kRefused if the server rejects it (400 to 499),
/// kNotFound if the channel is not configured or there is no sendmail, kCancelled, or another kind.
/// Its message contains no secret.
void send_alert(const Environment& environment, const Settings& settings,
                const std::string& channel, const Alert& alert);

}  // namespace backups
