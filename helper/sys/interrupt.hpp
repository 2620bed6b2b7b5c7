#pragma once

#include <chrono>

namespace backups {

/// SIGINT (a person's), SIGTERM and SIGALRM ask for a stop; SIGHUP and SIGPIPE are ignored, since a
/// client that vanished must not end a backup.
namespace interrupt {

/// What check() says when a person asked.
constexpr const char* kByPerson = "cancelled";

/// To be called once, before any thread starts. Whatever the parent had blocked or ignored, both
/// are heard from now on, and children can be waited for.
void install();

/// Readable from the moment a stop was asked for: for poll(2).
int poll_fd();

/// Throws Error(kCancelled) if a stop was asked for.
void check();

/// Asks for a stop when so much time is over.
void stop_after(std::chrono::seconds time);

bool requested();

/// Forgets that a person asked, where what they stopped has ended and other work goes on. False,
/// and nothing changes, when it was somebody else or nobody.
bool forget_person();

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
