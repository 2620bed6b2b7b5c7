#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/clock.hpp"
#include "sys/sqlite.hpp"

namespace backups {

/// What is wrong now, and what is still to be told to whom: the tables `incidents` and `outbox` of
/// the catalog. Safe to use from several processes at once. Throws Error.
class Outbox {
 public:
  explicit Outbox(Database& database) : database_(database) {}

  /// A text that waits for its channel.
  struct Message {
    std::int64_t key = 0;
    std::string channel;
    std::string text;
    Time queued_at = 0;
    std::int64_t attempts = 0;
  };

  /// Something is wrong, for the first time or still. Queues `text` for the channels, unless that
  /// incident was told less than `every` seconds before `time`. False where it was known already.
  bool raise(const std::string& kind, const std::string& subject, Time time, std::int64_t every,
             const std::vector<std::string>& channels, const std::string& text);
  /// It is no longer wrong, and where telling that it was has failed so far, that is left out.
  /// Queues `text` for the channels if anybody was told, or was to be.
  void clear(const std::string& kind, const std::string& subject, Time time,
             const std::vector<std::string>& channels, const std::string& text);

  /// The subjects of all incidents of a kind.
  std::vector<std::string> subjects(const std::string& kind);

  /// Makes what a clock that was ahead of `time` has put off due now.
  void redate(Time time);

  /// Makes everything else for that channel due as well: it is tried in any case.
  void queue(const std::string& channel, const std::string& text, Time time,
             const std::string& incident = {});
  /// The next one to try at `time`.
  std::optional<Message> due(Time time);
  void remove(const Message& message);
  /// An attempt failed: nothing is due for its channel before `until`. One of an incident that is
  /// over goes.
  void postpone(const Message& message, Time until);

 private:
  Database& database_;
};

}  // namespace backups
