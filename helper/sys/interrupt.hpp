#pragma once

#include <chrono>

namespace backups {

/// SIGINT (from a person), SIGTERM and SIGALRM are requests to stop. SIGHUP and SIGPIPE are
/// ignored, since a backup must continue when its client disconnects.
namespace interrupt {

/// Must be called once, before any thread starts. Undoes what the parent process had blocked or
/// ignored, so that requests to stop arrive and children can be waited for.
void install();

/// A descriptor for poll(2), readable after a request to stop.
int poll_fd();

/// Throws Error, kCancelled, after a request to stop.
void check();

/// Requests a stop after that time.
void stop_after(std::chrono::seconds time);

bool requested();
/// True after a request of a person.
bool by_person();

/// Clears the request of a person whose operation has been stopped, so that other work continues.
/// Returns false, and changes nothing, if there is no request or it is not from a person.
bool forget_person();

/// While one exists, check() does not throw and requested() is false. For steps that must not be
/// interrupted.
class Shield {
 public:
  Shield();
  ~Shield();
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;
};

}  // namespace interrupt
}  // namespace backups
