#include "sys/interrupt.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "base/error.hpp"
#include "sys/fd.hpp"

namespace backups::interrupt {
namespace {

std::atomic<int> stop{0};  // the signal that asked
std::atomic<int> shields{0};
int wake_read = -1;  // open for the life of the process
int wake_write = -1;

void on_stop(int signal) {
  const int saved = errno;
  stop = signal;
  [[maybe_unused]] const auto ignored = ::write(wake_write, "x", 1);
  errno = saved;
}

}  // namespace

void install() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw system_error("cannot make a pipe", errno);
  wake_read = ends[0];
  wake_write = ends[1];
  struct sigaction action {};
  action.sa_handler = on_stop;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  // A parent may have left these to us as it had them: blocked, or its children ignored.
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t heard;
  sigemptyset(&heard);
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) sigaddset(&heard, signal);
  ::sigprocmask(SIG_UNBLOCK, &heard, nullptr);
}

int poll_fd() { return shields > 0 ? -1 : wake_read; }

bool requested() { return stop != 0 && shields == 0; }

bool by_person() { return stop == SIGINT; }

void check() {
  if (!requested()) return;
  throw Error(ErrorKind::kCancelled, stop == SIGINT    ? "cancelled"
                                     : stop == SIGALRM ? "stopped: its time limit was reached"
                                                       : "stopped by a signal");
}

bool forget_person() {
  int asked = SIGINT;
  if (!stop.compare_exchange_strong(asked, 0)) return false;
  char rung[16];
  while (::read(wake_read, rung, sizeof rung) > 0) {
  }
  return true;
}

void stop_after(std::chrono::seconds time) { ::alarm(static_cast<unsigned>(time.count())); }

Shield::Shield() { ++shields; }
Shield::~Shield() { --shields; }

}  // namespace backups::interrupt
