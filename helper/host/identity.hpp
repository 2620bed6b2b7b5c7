#pragma once

#include <string>
#include <utility>

#include "host/events.hpp"
#include "host/settings_file.hpp"
#include "model/host.hpp"

namespace backups {

/// Who this host is to its buckets, as settings.json has it. A change is alerted.
class Identity {
 public:
  /// `settings` and `events` must outlive it.
  Identity(Paths paths, SettingsFile& settings, const Events& events)
      : paths_(std::move(paths)), settings_(settings), events_(events) {}

  /// At the first use it is made up; on a machine that is another one than it is bound to, the
  /// host gets a new name at once, and its old ones are doubtful. Throws Error.
  HostIdentity read();

  /// What lies below a name of this host was written by another: as on another machine. `writer`
  /// is the token of what was found.
  void doubt(const std::string& why, const std::string& writer);

  /// What a person decides of doubtful names. Both end the alert, and replace an identity in
  /// settings.json that is not understood.
  void keep();
  /// Makes a new name where nothing was in doubt.
  void renew();

 private:
  void tell(const HostIdentity& host, const std::string& why) const;
  void tell_end() const;

  Paths paths_;
  SettingsFile& settings_;
  const Events& events_;
};

}  // namespace backups
