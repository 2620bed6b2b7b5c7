#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// The tables `incidents` and `outbox` of the catalog: what is wrong now, and which alerts still
/// have to be delivered. Several processes may use them at once. Throws Error.
class Outbox {
 public:
  explicit Outbox(Database& database) : database_(database) {}

  /// A queued text.
  struct Message {
    std::int64_t key = 0;
    std::string channel;
    std::string text;
    Time queued_at = 0;
    std::int64_t attempts = 0;
  };

  /// Records that something is wrong, for the first time or still. Queues `text` for the channels
  /// unless the incident was reported less than `every` seconds before `time`. Returns false if the
  /// incident was open already.
  bool raise(const std::string& kind, const std::string& subject, Time time, std::int64_t every,
             const std::vector<std::string>& channels, const std::string& text);
  /// Closes an incident. Messages about it that could not be delivered so far are dropped. Queues
  /// `text` for the channels if the incident was reported, or was about to be.
  void clear(const std::string& kind, const std::string& subject, Time time,
             const std::vector<std::string>& channels, const std::string& text);

  /// The subjects of all open incidents of a kind.
  std::vector<std::string> subjects(const std::string& kind);

  /// Makes messages due that were postponed while the clock was ahead of `time`.
  void redate(Time time);

  /// Queues a message, and makes everything else for that channel due, since it is tried now
  /// anyway.
  void queue(const std::string& channel, const std::string& text, Time time,
             const std::string& incident = {});
  /// The next message to try at `time`.
  std::optional<Message> due(Time time);
  void remove(const Message& message);
  /// Records a failed attempt: nothing is due for its channel before `until`. A message about a
  /// closed incident is removed.
  void postpone(const Message& message, Time until);

 private:
  Database& database_;
};

}  // namespace backups
