#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "notify/channel.hpp"

namespace backups {
namespace {

/// Returns why the channel refused the message; empty if it did not.
std::string try_channel(const Environment& environment, const Settings& settings,
                        const std::string& channel, const Alert& alert) {
  try {
    send_alert(environment, settings, channel, alert);
    return "";
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    return error.what();
  }
}

int notify_test(Call& call) {
  call.resolver.authorise_everything();
  const Settings settings = call.state.settings.read();
  auto channels = alert_channels(settings);
  if (has_channel(settings, kPing)) channels.emplace_back(kPing);
  if (channels.empty())
    throw Error(ErrorKind::kRefused, "no notification channel is configured: " + command("set") +
                                         " --global notify-mail, notify-webhook or notify-ping");
  log::step("Sending a test alert to " + std::to_string(channels.size()) + " channel(s)");
  const Alert alert{.kind = AlertKind::kTest,
                    .message = "This is a test: alerts from this host arrive",
                    .host = call.state.identity.read().name,
                    .at = now()};
  auto array = nlohmann::ordered_json::array();
  std::vector<std::vector<std::string>> rows = {{"CHANNEL", "OUTCOME", "WHY"}};
  bool good = true;
  for (const auto& channel : channels) {
    const std::string why = try_channel(call.state.hooks.environment, settings, channel, alert);
    const std::string outcome = why.empty() ? "delivered" : "failed";
    good = good && why.empty();
    rows.push_back({channel, outcome, why.empty() ? "-" : why});
    array.push_back({{"channel", channel}, {"outcome", outcome}, {"message", why}});
  }
  if (call.json) {
    print_json({{"channels", array}});
  } else {
    print(format_table(rows));
  }
  if (!good) throw Error(ErrorKind::kUnreachable, "the test alert did not reach every channel");
  return 0;
}

}  // namespace

Verb notify_test_verb() {
  return {"notify-test", "", "send a test alert to every channel", {0, 0}, {}, notify_test};
}

}  // namespace backups
