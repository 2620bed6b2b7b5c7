#pragma once

#include <string>

#include "host/catalog_file.hpp"
#include "host/environment.hpp"
#include "host/events.hpp"
#include "host/identity.hpp"
#include "host/settings_file.hpp"

namespace backups {

/// Turns events into alerts. These are queued in the outbox, for the channels that are configured,
/// and delivered by a process in the background: nothing here throws, waits for the network or
/// makes a backup fail; problems are warnings.
class Alerts {
 public:
  /// What is passed in must outlive this.
  Alerts(const Program& program, const SettingsFile& settings, Identity& identity,
         CatalogFile& catalog)
      : program_(program), settings_(settings), identity_(identity), catalog_(catalog) {}

  /// Takes an event, see Events. Does not throw.
  void handle_event(const HostEvent& event) const;

 private:
  void handle(const BackupMade& made) const;
  void handle(const BackupFailed& failed) const;
  void handle(const CopyEnded& ended) const;
  void handle(const BackupsChanged& /*changed*/) const {}
  void handle(const Problem& problem) const;
  void handle(const ProblemSolved& solved) const { clear(solved.alert); }
  void handle(const ProblemsLeft& problems) const;
  void handle(const SchedulesRan& ran) const;

  /// Opens or continues an incident. Queues an alert, unless one was queued recently
  /// (`notify-every`) or alerts of that kind are off (`notify-on`). Returns true if the incident is
  /// new.
  bool raise(Alert alert) const;
  /// Closes the incident of the same kind and subject, and queues a recovery notice if the incident
  /// was reported. Costs one query if there is none.
  void clear(Alert alert) const;
  /// Adds time and host.
  void fill_in(Alert& alert) const;
  /// The id of the newest attempt, if it failed.
  std::string failed_attempt(const Source& source) const;

  const Program& program_;
  const SettingsFile& settings_;
  Identity& identity_;
  CatalogFile& catalog_;
};

}  // namespace backups
