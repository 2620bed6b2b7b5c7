#pragma once

#include <string>
#include <vector>

#include "host/state.hpp"
#include "model/alert.hpp"

namespace backups {

/// The dead man's switch: hears of every run, in order, and of no incident.
constexpr const char* kPing = "ping";

/// Where alerts go, as far as it is set up: "webhook", "mail", "command".
std::vector<std::string> alert_channels(const Settings& settings);

/// Whether that channel, one of the above or kPing, is set up.
bool has_channel(const Settings& settings, const std::string& channel);

/// Sends it now, within some seconds. Throws Error without a secret in it: kRefused when a server
/// took it for wrong (400 to 499), kCancelled, or another kind.
void send_alert(const State& state, const Settings& settings, const std::string& channel,
                const Alert& alert);

}  // namespace backups
