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
  void hear(const HostEvent& event) const;

 private:
  void hear_of(const BackupMade& made) const;
  void hear_of(const BackupFailed& failed) const;
  void hear_of(const CopyEnded& ended) const;
  void hear_of(const BackupsChanged& /*changed*/) const {}
  void hear_of(const Problem& problem) const;
  void hear_of(const ProblemSolved& solved) const { clear(solved.alert); }
  void hear_of(const ProblemsLeft& problems) const;
  void hear_of(const SchedulesRan& ran) const;

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
