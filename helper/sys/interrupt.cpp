#include "sys/interrupt.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <mutex>

#include "base/error.hpp"
#include "base/log.hpp"
#include "sys/fd.hpp"

namespace backups::interrupt {
namespace {

constexpr std::int64_t kOneRequest = 500;  // milliseconds

std::atomic<int> stop{0};  // the signal that asked
std::atomic<int> requests{0};
std::atomic<int> tolerated{0};  // of these
int wake_read = -1;             // open for the life of the process
int wake_write = -1;

constexpr int kNone = INT_MAX;
std::atomic<int> noticed_above{kNone};  // of `requests`: then the notice is printed
std::mutex notice_mutex;
std::string notice;  // under that

std::atomic<pid_t> last_sender{-1};
std::atomic<std::int64_t> last_at{0};

void wake() { [[maybe_unused]] const auto ignored = ::write(wake_write, "x", 1); }

void drain() {
  char rung[16];
  while (::read(wake_read, rung, sizeof rung) > 0) {
  }
}

void on_stop(int signal, siginfo_t* info, void* /*context*/) {
  const int saved = errno;
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  const std::int64_t at = std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000;
  const pid_t sender = info->si_pid;  // 0 for the terminal
  const bool is_new = sender != last_sender || at - last_at > kOneRequest;
  last_sender = sender;
  last_at = at;
  if (is_new || requests == 0) ++requests;
  stop = signal;
  wake();
  errno = saved;
}

void print_notice() {
  const int above = noticed_above;
  if (requests <= above || noticed_above.exchange(kNone) == kNone) return;
  const std::lock_guard lock(notice_mutex);
  log::warn(notice);
}

}  // namespace

void install() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw system_error("cannot make a pipe", errno);
  wake_read = ends[0];
  wake_write = ends[1];
  struct sigaction action {};
  action.sa_sigaction = on_stop;
  action.sa_flags = SA_SIGINFO;
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) sigaddset(&action.sa_mask, signal);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGALRM, &action, nullptr);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  // A parent may have left these to us as it had them: blocked, or its children ignored.
  std::signal(SIGCHLD, SIG_DFL);
  sigset_t handled;
  sigemptyset(&handled);
  for (const int signal : {SIGINT, SIGTERM, SIGALRM}) sigaddset(&handled, signal);
  ::sigprocmask(SIG_UNBLOCK, &handled, nullptr);
}

int poll_fd() {
  if (!requested()) {
    drain();
    if (requested()) wake();  // it came in between
  }
  return wake_read;
}

bool requested() { return stop != 0 && requests > tolerated; }

int count() { return requests; }

bool by_person() { return stop == SIGINT; }

void check() {
  if (!requested()) return print_notice();
  throw Error(ErrorKind::kCancelled, stop == SIGINT    ? "cancelled"
                                     : stop == SIGALRM ? "stopped: its time limit was reached"
                                                       : "stopped by a signal");
}

bool forget_person() {
  int expected = SIGINT;
  const int seen = requests;
  if (!stop.compare_exchange_strong(expected, 0)) return false;
  requests -= seen;
  drain();
  return true;
}

void stop_after(std::chrono::seconds time) { ::alarm(static_cast<unsigned>(time.count())); }

Shield::Shield(int more, const std::string& text)
    : tolerated_before_(tolerated), has_notice_(!text.empty() && noticed_above == kNone) {
  tolerated = std::max(tolerated_before_, requests + more);
  if (!has_notice_) return;
  const std::lock_guard lock(notice_mutex);
  notice = text;
  noticed_above = requests.load();
}

Shield::~Shield() {
  tolerated = tolerated_before_;
  if (has_notice_) noticed_above = kNone;
}

}  // namespace backups::interrupt
