#include "sys/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> assignments(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> list;
  for (const auto& [name, value] : environment) list.push_back(name + "=" + value);
  return list;
}

constexpr int kHighest = 64;                // above every descriptor that a child is given
constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, close_range(2)

void default_signals() {
  for (const int signal : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD})
    std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// After fork(2). What keeps it from running `argv` goes to `report` as an errno.
[[noreturn]] void become(const Command& command, char* const* argv, char* const* environment,
                         int report) {
  const auto give_up = [&] {
    const int error = errno;
    [[maybe_unused]] const auto ignored = ::write(report, &error, sizeof error);
    ::_exit(127);
  };
  default_signals();
  if (::chdir("/") != 0) give_up();
  // Whatever a caller left open: `flock 9` in a crontab line. Kernels before 5.11 can't.
  ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, kCloseOnExec);
  int moved[8];
  std::size_t count = 0;
  for (const auto& [target, source] : command.descriptors) {
    const int copy = ::fcntl(source, F_DUPFD_CLOEXEC, kHighest);
    if (copy < 0 || count == std::size(moved)) give_up();
    moved[count++] = copy;
  }
  const int kept_report = ::fcntl(report, F_DUPFD_CLOEXEC, kHighest);
  count = 0;
  for (const auto& [target, source] : command.descriptors) {
    if (::dup2(moved[count++], target) < 0) give_up();
  }
  report = kept_report;
  ::execve(argv[0], argv, environment);
  give_up();
  ::_exit(127);
}

/// Until the program runs, at which `report` closes. Throws Error when it never will.
void await_start(Pipe& report, const std::string& program, const std::function<void()>& cleanup) {
  report.write.reset();
  int error = 0;
  if (read_some(report.read.get(), reinterpret_cast<char*>(&error), sizeof error, "pipe") == 0)
    return;
  cleanup();
  throw system_error("cannot run " + program, error);
}

}  // namespace

std::map<std::string, std::string> own_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

Process::Process(const Command& command) : leaves_work_(command.leaves_work) {
  const auto argv = pointers(command.argv);
  const auto words = assignments(command.environment);
  const auto environment = pointers(words);
  Pipe report = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw system_error("cannot fork", errno);
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    become(command, argv.data(), environment.data(), report.write.get());
  }
  ::setpgid(pid_, pid_);
  handle_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  await_start(report, command.argv[0], [this] { wait(std::chrono::milliseconds::max()); });
}

Process::~Process() {
  if (!status_) stop();
}

std::optional<int> Process::wait(std::chrono::milliseconds timeouts) {
  using std::chrono::steady_clock;
  if (status_) return status_;
  const bool forever = timeouts == std::chrono::milliseconds::max();
  const auto end = forever ? steady_clock::time_point::max() : steady_clock::now() + timeouts;
  for (;;) {
    siginfo_t ended{};
    const int hang = handle_ || !forever ? WNOHANG : 0;
    if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT | hang) == 0) {
      if (ended.si_pid == pid_) return status_ = reap();
    } else if (errno != EINTR) {
      throw system_error("cannot wait for a process", errno);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        forever ? std::chrono::hours(1) : end - steady_clock::now());
    if (!forever && left.count() <= 0) return std::nullopt;
    // Without pidfd_open (kernels before 5.3) it looks 50 times a second.
    const auto slice = std::min<std::int64_t>(left.count(), handle_ ? 3'600'000 : 20);
    pollfd waited{handle_.get(), POLLIN, 0};
    ::poll(&waited, handle_ ? 1 : 0, static_cast<int>(slice));
  }
}

bool Process::has_failed() const {
  if (status_) return *status_ != 0;
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOWAIT | WNOHANG);
  return ended.si_pid == pid_ && (ended.si_code != CLD_EXITED || ended.si_status != 0);
}

int Process::reap() {
  // Its number is ours until it is waited for: what it left in its group goes first.
  if (!leaves_work_) ::kill(-pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    if (errno != EINTR) throw system_error("cannot wait for a process", errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Process::stop(std::chrono::milliseconds grace) {
  if (!status_) {
    constexpr std::chrono::milliseconds kPollInterval(200);
    const int requests = interrupt::count();
    const auto end = std::chrono::steady_clock::now() + grace;
    ::kill(-pid_, SIGTERM);
    while (!wait(std::min(grace, kPollInterval))) {
      if (std::chrono::steady_clock::now() < end && interrupt::count() == requests) continue;
      ::kill(-pid_, SIGKILL);
      break;
    }
  }
  return wait(std::chrono::milliseconds::max()).value();
}

void spawn_detached(const Command& command) {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw system_error("cannot open /dev/null", errno);
  Command detached = command;
  detached.descriptors = {
      {STDIN_FILENO, null.get()}, {STDOUT_FILENO, null.get()}, {STDERR_FILENO, null.get()}};
  const auto argv = pointers(detached.argv);
  const auto words = assignments(detached.environment);
  const auto environment = pointers(words);
  Pipe report = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw system_error("cannot fork", errno);
  if (child == 0) {
    ::setsid();
    // Its child is nobody's, so that nobody has to wait for it.
    const pid_t grandchild = ::fork();
    if (grandchild != 0) ::_exit(grandchild > 0 ? 0 : 127);
    become(detached, argv.data(), environment.data(), report.write.get());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) throw Error(ErrorKind::kFailed, "cannot fork");
  await_start(report, command.argv[0], [] {});
}

void kill_all_with(const std::string& assignment) {
  constexpr int kMaxRounds = 200;
  const std::string wanted = '\0' + assignment + '\0';
  const auto has_it = [&](const std::string& pid) {
    try {
      return ('\0' + read_file("/proc/" + pid + "/environ").value_or("")).find(wanted) !=
             std::string::npos;
    } catch (const Error&) {
      return false;  // of somebody else, or gone
    }
  };
  for (int round = 0; round < kMaxRounds; ++round) {
    bool found = false;
    for (const auto& name : list_directory("/proc")) {
      const auto pid = parse_number(name);
      if (pid && has_it(name)) found = ::kill(static_cast<pid_t>(*pid), SIGKILL) == 0 || found;
    }
    if (!found) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

}  // namespace backups
