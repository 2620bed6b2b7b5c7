#include "support/child.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "base/error.hpp"

namespace backups::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

int result_of(const std::function<int()>& work) {
  try {
    const int code = work();
    return ::testing::Test::HasFailure() ? kFailedAssertion : code;
  } catch (const Error& error) {
    return error.exit_code();
  } catch (const std::exception&) {
    return kThrewOther;
  }
}

Ending ending_of(int status) {
  return WIFEXITED(status) ? exited(WEXITSTATUS(status)) : killed_by(WTERMSIG(status));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Ending& ending) {
  if (ending.signal != 0) return out << "killed by signal " << ending.signal;
  return out << "exited with " << ending.code;
}

Child::Child(const std::function<int()>& work) {
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ > 0) return;
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(nowhere, STDERR_FILENO);
  const int code = result_of(work);
  std::fflush(nullptr);
  ::_exit(code);
}

Child::~Child() {
  if (ending_) return;
  kill(SIGKILL);
  wait();
}

void Child::kill(int signal) const {
  if (!ending_) ::kill(pid_, signal);
}

Ending Child::wait() {
  if (ending_) return *ending_;
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
  }
  ending_ = ending_of(status);
  return *ending_;
}

std::optional<Ending> Child::wait_for(milliseconds timeouts) {
  const auto end = steady_clock::now() + timeouts;
  while (!ending_) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) ending_ = ending_of(status);
    if (steady_clock::now() > end) break;
    std::this_thread::sleep_for(milliseconds(2));
  }
  return ending_;
}

Ending run_in_child(const std::function<int()>& work) { return Child(work).wait(); }

Ending run_in_child(const std::function<int()>& work, milliseconds timeouts) {
  Child child(work);
  if (const auto ending = child.wait_for(timeouts)) return *ending;
  child.kill(SIGKILL);
  return child.wait();
}

bool eventually(const std::function<bool()>& done, milliseconds timeouts) {
  const auto end = steady_clock::now() + timeouts;
  while (!done()) {
    if (steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

bool is_running(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(status, text);
  const auto after_name = text.rfind(')');
  return after_name != std::string::npos && text.at(after_name + 2) != 'Z';
}

}  // namespace backups::tests
