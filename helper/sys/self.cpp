#include "sys/self.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

constexpr const char* kSelf = "/proc/self/exe";
constexpr std::size_t kStartField = 22;

}  // namespace

fs::path own_program() {
  std::error_code ignored;
  const fs::path path = fs::read_symlink(kSelf, ignored);
  return ::access(path.c_str(), X_OK) == 0 ? path : kSelf;
}

void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

std::optional<std::uint64_t> start_of(pid_t pid) {
  std::string text;
  try {
    text = read_file("/proc/" + std::to_string(pid) + "/stat").value_or("");
  } catch (const Error&) {  // it ended while it was read
  }
  // The second field, its name in brackets, may hold anything.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  const auto fields = split(trim(text.substr(name_end + 1)), ' ');  // from the third one on
  if (fields.size() <= kStartField - 3) return std::nullopt;
  const auto start = parse_number(fields[kStartField - 3]);
  if (!start) return std::nullopt;
  return static_cast<std::uint64_t>(*start);
}

bool signal_process(pid_t pid, std::uint64_t start, int signal) {
  // Held by this, the number can't become that of another between the look and the signal.
  const Fd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const bool has_handles = handle || errno != ENOSYS;  // kernels before 5.3 have none
  if ((has_handles && !handle) || start_of(pid) != start) return false;
  const long sent = has_handles ? ::syscall(SYS_pidfd_send_signal, handle.get(), signal, nullptr, 0)
                                : ::kill(pid, signal);
  if (sent != 0 && errno != ESRCH)
    throw system_error("cannot stop process " + std::to_string(pid), errno);
  return true;
}

}  // namespace backups
