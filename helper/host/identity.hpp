#pragma once

#include <string>
#include <utility>

#include "host/events.hpp"
#include "host/settings_file.hpp"
#include "model/host.hpp"

namespace backups {

/// The identity of this host in buckets, which settings.json contains. Changes are reported as
/// alerts.
class Identity {
 public:
  /// `settings` and `events` must outlive it.
  Identity(Paths paths, SettingsFile& settings, const Events& events)
      : paths_(std::move(paths)), settings_(settings), events_(events) {}

  /// Returns the identity. At the first use it is created; on a machine other than the one that it
  /// is bound to, the host gets a new name at once and its old names become doubtful. Throws Error.
  HostIdentity read();

  /// Marks the names of this host as doubtful, because another machine wrote below one of them.
  /// `writer` is the token of the manifest that was found; does nothing if it was found before.
  void doubt(const std::string& why, const std::string& writer);

  /// A person's decision that the doubtful names belong to this host (keep) or to another (renew).
  /// Both end the alert and replace an identity in settings.json that is not understood.
  void keep();
  /// Also makes a new name if none was doubtful.
  void renew();

 private:
  void publish_doubt(const HostIdentity& host, const std::string& why) const;
  void publish_doubt_solved() const;

  Paths paths_;
  SettingsFile& settings_;
  const Events& events_;
};

}  // namespace backups
