#pragma once

namespace backups {

/// SIGINT and SIGTERM ask for a stop; SIGHUP and SIGPIPE are ignored, since a client that vanished
/// must not end a backup.
namespace interrupt {

/// To be called once, before any thread starts. Whatever the parent had blocked or ignored, both
/// are heard from now on, and children can be waited for.
void install();

/// Readable from the moment a stop was asked for: for poll(2).
int poll_fd();

/// Throws Error(kCancelled) if a stop was asked for.
void check();

bool requested();

/// While one exists, check() does not throw and requested() is false: for the steps that must
/// not be left half done.
class Shield {
 public:
  Shield();
  ~Shield();
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;
};

}  // namespace interrupt
}  // namespace backups
