#include "hook/hook.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/interrupt.hpp"

namespace backups {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kPipeSize = 1024 * 1024;
constexpr std::size_t kMaxAnswer = 16 * 1024 * 1024;
constexpr const char* kRunId = "BACKUPS_RUN_ID";
constexpr const char* kAuthorize = "authorize";  // the one hook that is of no type

fs::path hook_path(const Hooks& installed, const HookSet& hooks, const std::string& action) {
  return action == kAuthorize ? installed.directory / action : hooks.action(installed, action);
}

Environment environment_for(const Hooks& installed, const Run& run, const std::string& type,
                            const std::string& action) {
  Environment environment = installed.environment;
  environment["BACKUPS_TYPE"] = type;
  environment["BACKUPS_ACTION"] = action;
  environment["BACKUPS_RUN_DIR"] = run.directory().string();
  environment[kRunId] = run.record().id;
  if (fs::exists(artifact_list(run)))
    environment["BACKUPS_ARTIFACTS"] = artifact_list(run).string();
  return environment;
}

/// Waits until `fd` is ready, or a stop is asked for, which throws. False when `timeout` is over.
bool wait_ready(int fd, short events, milliseconds timeout) {
  std::array<pollfd, 2> waited = {{{fd, events, 0}, {-1, POLLIN, 0}}};
  const auto limit = static_cast<int>(std::min<std::int64_t>(timeout.count(), INT_MAX));
  for (;;) {
    waited[1].fd = interrupt::poll_fd();
    const int ready = ::poll(waited.data(), waited.size(), limit);
    const int error = errno;
    interrupt::check();
    if (ready == 0) return false;
    if (ready < 0 && error != EINTR) throw system_error("cannot wait for a hook", error);
    if (ready > 0 && waited[0].revents != 0) return true;
  }
}

/// Collects the lines of a stream.
class Lines {
 public:
  /// Reads what is there; false at its end.
  template <typename OnLine>
  bool read(int fd, const OnLine& on_line) {
    std::array<char, 65536> buffer{};
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    text_.append(buffer.data(), static_cast<std::size_t>(got));
    std::size_t end;
    while ((end = text_.find('\n')) != std::string::npos || text_.size() > kLongest) {
      on_line(text_.substr(0, end));
      text_.erase(0, end == std::string::npos ? end : end + 1);
    }
    if (got == 0 && !text_.empty()) on_line(text_);
    return got > 0;
  }

 private:
  static constexpr std::size_t kLongest = 256 * 1024;
  std::string text_;
};

class StringSink : public Sink {
 public:
  explicit StringSink(std::string& text) : text_(text) {}
  void write(std::string_view bytes) override {
    if (text_.size() + bytes.size() > kMaxAnswer)
      throw Error(ErrorKind::kFailed, "the answer of a hook is too long");
    text_ += bytes;
  }
  void finish() override {}

 private:
  std::string& text_;
};

bool is_error_kind(int status) {
  constexpr std::array kKinds = {
      ErrorKind::kNotFound, ErrorKind::kStopped,      ErrorKind::kPaused,
      ErrorKind::kDamaged,  ErrorKind::kRefused,      ErrorKind::kNoSpace,
      ErrorKind::kBadInput, ErrorKind::kUnauthorised, ErrorKind::kBusy};
  return std::find(kKinds.begin(), kKinds.end(), static_cast<ErrorKind>(status)) != kKinds.end();
}

struct ActionWords {
  const char* action;
  const char* words;  // S: the source, A: the artifact
};

constexpr std::array kActionWords = {
    ActionWords{"abandon", "the clean-up of the restore into S"},
    ActionWords{"authorize", "the look-up of your permissions"},
    ActionWords{"check", "the check of the dump for S"},
    ActionWords{"commit", "the replacement of the data of S"},
    ActionWords{"describe", "the inspection of S"},
    ActionWords{"export", "the export of A from S"},
    ActionWords{"import", "the import of A into S"},
    ActionWords{"links", "the look-up of linked services"},
    ActionWords{"list", "the look-up of sources"},
    ActionWords{"prepare", "the preparation of the restore into S"},
    ActionWords{"rehearse", "the trial import of A into S"},
    ActionWords{"start", "the start of S"},
    ActionWords{"sweep", "the clean-up of containers"}};

/// The call as the log has it: "postgres export my-db shop".
std::string call_for(const std::string& type, const std::string& action,
                     const std::vector<std::string>& arguments) {
  std::string call = type + " " + action;
  for (const auto& argument : arguments) call += " " + printable(argument);
  return call;
}

/// The same for a person: "the export of shop from postgres:my-db".
std::string spoken_call(const std::string& type, const std::string& action,
                        std::vector<std::string> arguments) {
  for (const auto& known : kActionWords) {
    if (action != known.action) continue;
    std::erase_if(arguments, [](const auto& word) { return word.starts_with("--"); });
    arguments.resize(std::max<std::size_t>(arguments.size(), 2));
    std::string text;
    for (const char c : std::string(known.words))
      text += c == 'S'   ? printable(type + ":" + arguments[0])
              : c == 'A' ? printable(arguments[1])
                         : std::string(1, c);
    return text;
  }
  return call_for(type, action, arguments);
}

}  // namespace

class Hook::InputSink : public Sink {
 public:
  explicit InputSink(Fd fd) : fd_(std::move(fd)) {
    ::fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(fd_.get(), F_SETPIPE_SZ, kPipeSize);
  }

  void write(std::string_view bytes) override {
    while (!bytes.empty() && fd_) {
      const ssize_t put = ::write(fd_.get(), bytes.data(), bytes.size());
      if (put > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(put));
      } else if (errno == EPIPE) {
        fd_.reset();
      } else if (errno == EAGAIN) {
        wait_ready(fd_.get(), POLLOUT, milliseconds(INT_MAX));
      } else if (errno != EINTR) {
        throw system_error("cannot write to a hook", errno);
      }
    }
  }

  void finish() override { fd_.reset(); }

 private:
  Fd fd_;
};

Hook::Hook(const Hooks& installed, const Run& run, HookLog& log, const HookSet& hooks,
           const std::string& action, const std::vector<std::string>& arguments, Input input,
           const std::string& question)
    : log_(log), what_(spoken_call(hooks.type, action, arguments)) {
  Command command;
  command.argv = {hook_path(installed, hooks, action).string()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = environment_for(installed, run, hooks.type, action);
  log_.forget();
  log_.note("hook " + call_for(hooks.type, action, arguments));

  // A hook may hand its stdout on by name, to a container that sees the run's directory.
  Pipe out = make_named_pipe((run.directory() / "stdout").string());
  Pipe error = make_pipe();
  Pipe messages = make_pipe();
  Pipe stop = make_pipe();
  Pipe in;
  if (input == Input::kPipe) {
    in = make_pipe();
  } else {
    in.read = memory_file(question);  // a hook may answer while it still reads
  }
  ::fcntl(out.read.get(), F_SETPIPE_SZ, kPipeSize);
  command.descriptors = {{STDIN_FILENO, in.read.get()},
                         {STDOUT_FILENO, out.write.get()},
                         {STDERR_FILENO, error.write.get()},
                         {3, messages.write.get()}};
  process_ = std::make_unique<Process>(command);
  output_ = std::move(out.read);
  stop_pump_ = std::move(stop.write);
  if (input == Input::kPipe) input_ = std::make_unique<InputSink>(std::move(in.write));
  pump_ = std::thread(&Hook::pump_messages, this, std::move(error.read), std::move(messages.read),
                      std::move(stop.read));
}

Hook::~Hook() {
  output_.reset();
  process_.reset();
  input_.reset();  // not before: it would take that for the end of its data
  stop_pump_.reset();
  if (pump_.joinable()) pump_.join();
}

void Hook::pump_messages(Fd error, Fd messages, Fd stop) {
  Lines error_lines;
  Lines message_lines;
  std::array<pollfd, 3> waited = {
      {{error.get(), POLLIN, 0}, {messages.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}}};
  while (waited[0].fd >= 0 || waited[1].fd >= 0) {
    ::poll(waited.data(), waited.size(), -1);
    if (waited[0].revents != 0 &&
        !error_lines.read(error.get(), [&](const auto& line) { log_.add_line(line); }))
      waited[0].fd = -1;
    if (waited[1].revents != 0 &&
        !message_lines.read(messages.get(), [&](const auto& line) { log_.add_message(line); }))
      waited[1].fd = -1;
    // Something that outlived the hook still holds its stderr.
    if (waited[2].revents != 0 && waited[0].revents == 0 && waited[1].revents == 0) return;
  }
}

void Hook::wait_for_output(std::chrono::seconds limit) {
  constexpr milliseconds kPollInterval(500);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!wait_ready(output_.get(), POLLIN, kPollInterval)) {
    if (process_->has_failed()) wait();
    if (std::chrono::steady_clock::now() > end)
      throw Error(ErrorKind::kFailed,
                  "timeout: " + what_ + " sent nothing for " + human_duration(limit.count()));
  }
}

void Hook::copy_output(Sink& sink, const Timeouts& timeouts) {
  std::vector<char> buffer(kPipeSize);
  auto limit = timeouts.start;
  for (;;) {
    wait_for_output(limit);
    const std::size_t got = read_some(output_.get(), buffer.data(), buffer.size(), what_);
    if (got == 0) break;
    sink.write({buffer.data(), got});
    limit = timeouts.silence;
  }
  const auto end = std::chrono::steady_clock::now() + timeouts.silence;
  while (!process_->wait(milliseconds(200))) {
    interrupt::check();
    if (std::chrono::steady_clock::now() > end)
      throw Error(ErrorKind::kFailed, "timeout: " + what_ + " did not exit");
  }
}

Sink& Hook::input() { return *input_; }

void Hook::wait() {
  std::optional<int> status;
  while (!(status = process_->wait(milliseconds(200)))) interrupt::check();
  stop_pump_.reset();
  pump_.join();
  if (*status != 0) fail(*status);
}

void Hook::fail(int status) const {
  const std::string words = log_.failure();
  // One that announces its own exit codes may still end with that of a program that it ran.
  const bool its_own = log_.announced_exit().value_or(status) == status;
  const auto kind =
      its_own && is_error_kind(status) ? static_cast<ErrorKind>(status) : ErrorKind::kFailed;
  if (kind != ErrorKind::kFailed && !words.empty()) throw Error(kind, words);
  const bool killed = status > 128 && status <= 128 + SIGRTMAX;
  const std::string end = killed ? "was killed by signal " + std::to_string(status - 128)
                                 : "failed with exit code " + std::to_string(status);
  throw Error(kind, what_ + " " + end + (words.empty() ? "" : ": " + words));
}

fs::path artifact_list(const Run& run) { return run.directory() / "artifacts.json"; }

bool has_hook(const Hooks& installed, const HookSet& hooks, const std::string& action) {
  return ::access(hook_path(installed, hooks, action).c_str(), X_OK) == 0;
}

std::string query_hook(const Hooks& installed, const Run& run, HookLog& log, const HookSet& hooks,
                       const std::string& action, const std::vector<std::string>& arguments,
                       const std::string& input, const Timeouts& timeouts) {
  Hook hook(installed, run, log, hooks, action, arguments, Hook::Input::kNone, input);
  std::string answer;
  StringSink sink(answer);
  hook.copy_output(sink, timeouts);
  hook.wait();
  return answer;
}

void sweep_hooks(const Hooks& installed, const Paths& paths, const RunRecord& dead) {
  kill_all_with(kRunId + ("=" + dead.id));
  const HookSet hooks(dead.source.type, dead.hooks);
  if (!has_hook(installed, hooks, "sweep")) return;
  // Somebody waits for the end that they asked for.
  const bool stopping = interrupt::requested();
  const interrupt::Shield shield;
  const Run run(paths, "sweep", dead.source);
  HookLog log{{}};
  query_hook(installed, run, log, hooks, "sweep", {dead.id}, {},
             stopping ? kClosingTimeouts : kShortTimeouts);
}

}  // namespace backups
