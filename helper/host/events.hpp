#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "model/alert.hpp"
#include "model/manifest.hpp"

namespace backups {

/// A backup was made, other than a safety backup, and is on the first of its targets.
struct BackupMade {
  Manifest manifest;
  std::string target;
  std::string advice;  ///< suspicion_text(); empty if it is not suspect
  bool is_compared =
      false;  ///< with earlier backups, so an empty advice means that it is not suspect
};

/// A backup failed, or was interrupted.
struct BackupFailed {
  Source source;
  Trigger trigger;
  std::string backup;  ///< its id; empty: the newest attempt, if there is one
  Error error;
};

/// The copy of a backup to one more target was made or, with an error, failed.
struct CopyEnded {
  Source source;
  std::string backup;  ///< its id
  std::string target;
  std::optional<Error> error;
};

/// Backups or copies changed in another way: they were removed or found, unfinished ones were
/// completed or failed, or their service was destroyed.
struct BackupsChanged {};

/// Something else is wrong, or still is. An incident is identified by kind and subject.
struct Problem {
  Alert alert;
  bool is_logged = false;  ///< logged as a warning when the incident is new
};

/// The incident of that kind and subject is over.
struct ProblemSolved {
  Alert alert;
};

/// All incidents of that kind are over, except those whose subjects are `left`.
struct ProblemsLeft {
  AlertKind kind;
  std::set<std::string> left;
  std::string message;
};

/// The message for the dead man's switch about a run of schedules: kStart, kSuccess or kFailure.
struct SchedulesRan {
  AlertKind kind;
  std::string message{};
};

using HostEvent = std::variant<BackupMade, BackupFailed, CopyEnded, BackupsChanged, Problem,
                               ProblemSolved, ProblemsLeft, SchedulesRan>;

/// Reports what happened on this host. Whoever changes something publishes one event; subscribers
/// (notify/: alerts and metrics) are called for everything published afterwards, in the order of
/// subscription, in the thread that publishes. They must not throw.
class Events {
 public:
  using Listener = std::function<void(const HostEvent&)>;

  void subscribe(Listener listener) { listeners_.push_back(std::move(listener)); }
  void publish(const HostEvent& event) const {
    for (const auto& listener : listeners_) listener(event);
  }

 private:
  std::vector<Listener> listeners_;
};

}  // namespace backups
