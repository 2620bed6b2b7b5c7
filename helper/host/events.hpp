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

/// A backup that people count on was made, and is on the first of its targets.
struct BackupMade {
  Manifest manifest;
  std::string target;
  std::string advice;        ///< suspicion_text(): empty if nothing speaks against it
  bool is_compared = false;  ///< with earlier backups, so that no advice is good news
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

/// Which backups and copies exist changed in another way: some were removed, found or settled, or
/// their service was destroyed.
struct BackupsChanged {};

/// Something else is wrong, or still is: an incident, one for each kind and subject.
struct Problem {
  Alert alert;
  bool is_logged = false;  ///< as a warning, once, when the incident is new
};

/// The incident of that kind and subject is over.
struct ProblemSolved {
  Alert alert;
};

/// All incidents of that kind are over but those whose subjects are `left`.
struct ProblemsLeft {
  AlertKind kind;
  std::set<std::string> left;
  std::string message;
};

/// What the dead man's switch is told of a run of schedules: kStart, kSuccess or kFailure.
struct SchedulesRan {
  AlertKind kind;
  std::string message{};
};

using HostEvent = std::variant<BackupMade, BackupFailed, CopyEnded, BackupsChanged, Problem,
                               ProblemSolved, ProblemsLeft, SchedulesRan>;

/// What happened on this host. Whatever changes something publishes one event, and knows nobody who
/// subscribes: alerts and metrics (notify/). Each subscriber hears everything that is published
/// from then on, in the order of subscription, in the thread that publishes it; it throws nothing.
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
