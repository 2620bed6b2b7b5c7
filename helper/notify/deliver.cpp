#include "notify/deliver.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/error.hpp"
#include "base/log.hpp"
#include "catalog/outbox.hpp"
#include "notify/channel.hpp"
#include "sys/lock.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kMaxDeliveryTime(60);  // for one call
constexpr Time kRetryPeriod = 86400;
constexpr auto kRetryDelays = std::to_array<Time>({60, 300, 900, 3600, 7200, 14400});

Time wait_after(std::int64_t attempts) {
  return kRetryDelays[std::min(static_cast<std::size_t>(attempts), kRetryDelays.size() - 1)];
}

void drop(Outbox& outbox, const Outbox::Message& message, const std::string& why) {
  log::warn("An alert for " + message.channel + " of " + rfc3339(message.queued_at) +
            " was dropped: " + why);
  outbox.remove(message);
}

/// Sends one message and removes it, or postpones it. A message for a channel that is no longer
/// configured is removed.
void send_one(const Environment& environment, const Settings& settings, Outbox& outbox,
              const Outbox::Message& message) {
  if (!has_channel(settings, message.channel)) return outbox.remove(message);
  try {
    send_alert(environment, settings, message.channel, parse_alert(message.text));
    outbox.remove(message);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    // The messages of the dead man's switch are sent in order. One that it rejects, such as /start,
    // must not hold up the following ones.
    const bool pointless = error.kind() == ErrorKind::kDamaged ||
                           (message.channel == kPing && error.kind() == ErrorKind::kRefused);
    const Time time = now();
    if (pointless || time - message.queued_at >= kRetryPeriod)
      return drop(outbox, message, error.what());
    outbox.postpone(message, time + wait_after(message.attempts));
  }
}

}  // namespace

void deliver(const Environment& environment, const Paths& paths, const SettingsFile& settings_file,
             CatalogFile& catalog) {
  // Messages that were postponed while the clock was ahead become due at once.
  Outbox(catalog.open().database()).redate(now());
  const auto end = steady_clock::now() + kMaxDeliveryTime;
  // Looks again after releasing the lock: a process that queued a message meanwhile found the lock
  // taken and left the delivery to this one.
  while (Outbox(catalog.open().database()).due(now()) && steady_clock::now() < end) {
    const auto lock = Lock::try_acquire(paths.lock("deliver"), "deliver");
    if (!lock) return;
    const Settings settings = settings_file.read();
    for (;;) {
      // Opened again for each message: if the catalog was replaced meanwhile, the number of a
      // message from the old one means another message in the new one.
      Outbox outbox(catalog.open().database());
      const auto message = outbox.due(now());
      if (!message) break;
      send_one(environment, settings, outbox, *message);
      if (steady_clock::now() >= end) return;
    }
  }
}

void deliver_in_background(const Program& program, CatalogFile& catalog) {
  if (program.path.empty() || !Outbox(catalog.open().database()).due(now())) return;
  spawn_detached(program.command("deliver"));
}

}  // namespace backups
