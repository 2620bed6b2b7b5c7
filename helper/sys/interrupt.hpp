#pragma once

#include <chrono>
#include <string>

namespace backups {

/// SIGINT (from a person), SIGTERM and SIGALRM are requests to stop. SIGHUP and SIGPIPE are
/// ignored, since a backup must continue when its client disconnects.
namespace interrupt {

/// Must be called once, before any thread starts. Undoes what the parent process had blocked or
/// ignored, so that requests to stop arrive and children can be waited for.
void install();

/// A descriptor for poll(2), readable after a request to stop; also for a moment after one that is
/// only noted (Shield), so that whoever waits calls check().
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

/// How many requests came so far. Signals of one sender that follow each other within half a second
/// are one request: timeout(1) sends two, and a key that is held down many.
int count();

/// While one exists, the requests that came before it, and `more` further ones, are only noted:
/// requested() is false and check() does not throw until yet another one comes. For steps that
/// should be completed. check() prints `notice` after the first of the further ones, unless the
/// notice of an outer Shield is still to come. Only for the main thread.
class Shield {
 public:
  explicit Shield(int more = 0, const std::string& notice = {});
  ~Shield();
  Shield(const Shield&) = delete;
  Shield& operator=(const Shield&) = delete;

 private:
  int tolerated_before_;
  bool has_notice_;
};

}  // namespace interrupt
}  // namespace backups
