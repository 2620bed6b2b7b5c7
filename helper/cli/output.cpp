#include "cli/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/command.hpp"
#include "base/controls.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/fd.hpp"
#include "sys/interrupt.hpp"
#include "sys/self.hpp"

namespace backups {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The approximate width on a screen: continuation bytes of UTF-8 are not counted.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string progress_line(const std::string& doing, std::uint64_t done, std::uint64_t expected,
                          double seconds) {
  std::string line = printable(doing) + ": " + human_size(done);
  if (expected > 0) line += " of " + human_size(expected);
  if (seconds > 0.5)
    line +=
        ", " + human_size(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)) + "/s";
  return line;
}

/// How long to wait for an answer from a pipe that stays open, so that no lock is held for ever.
constexpr int kPipedTimeout = 60'000;  // milliseconds

/// Reads a line, or what there is if no byte arrives for `timeout` milliseconds (-1: no limit).
std::string read_line_within(int timeout) {
  std::string line;
  char c = 0;
  for (;;) {
    std::array<pollfd, 2> waited = {{{STDIN_FILENO, POLLIN, 0}, {interrupt::poll_fd(), POLLIN, 0}}};
    const int ready = ::poll(waited.data(), waited.size(), timeout);
    interrupt::check();
    if (ready == 0) return {};
    if (waited[0].revents == 0) continue;
    if (read_some(STDIN_FILENO, &c, 1, "the answer") != 1 || c == '\n') return trim(line);
    line += c;
  }
}

}  // namespace

std::string read_line() { return read_line_within(-1); }

void write_stdout(std::string_view bytes) {
  while (!bytes.empty()) {
    std::array<pollfd, 2> waited = {
        {{STDOUT_FILENO, POLLOUT, 0}, {interrupt::poll_fd(), POLLIN, 0}}};
    ::poll(waited.data(), waited.size(), -1);
    interrupt::check();
    if (waited[0].revents == 0) continue;
    // A pipe that is ready accepts PIPE_BUF bytes at once (pipe(7)); a longer write could not be
    // interrupted.
    const auto part = bytes.substr(0, PIPE_BUF);
    write_all(STDOUT_FILENO, part, "to stdout");
    bytes.remove_prefix(part.size());
  }
}

void print(const std::string& text) { write_stdout(text); }

std::string format_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(printable(row[i])));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = printable(row[i]);
      line += cell + std::string(widths[i] - width_of(cell) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void print_json(const nlohmann::ordered_json& json) {
  print(escape_controls(json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)) + "\n");
}

std::string format_report(const std::string& head, const ReportRows& rows) {
  std::string text = "=====> " + printable(head) + "\n";
  for (const auto& [key, value] : rows) {
    std::string line = "       " + printable(key) + ":";
    line.resize(std::max<std::size_t>(line.size() + 1, 31), ' ');
    text += line + printable(value) + "\n";
  }
  return text;
}

nlohmann::ordered_json backup_to_json(const Backup& backup, bool pinned) {
  using Json = nlohmann::ordered_json;
  const auto time = [](const std::optional<Time>& at) { return at ? Json(rfc3339(*at)) : Json(); };
  const auto size = [](const std::optional<std::uint64_t>& n) { return n ? Json(*n) : Json(); };
  const bool made = !backup.artifacts.empty();
  Json copies = Json::array();
  for (const auto& copy : backup.copies)
    copies.push_back({{"target", copy.target},
                      {"status", kCopyStatuses[copy.status]},
                      {"size", size(copy.size)},
                      {"error", copy.error},
                      {"etag", copy.etag.empty() ? Json() : Json(copy.etag)},
                      {"attempts", copy.attempts}});
  return {{"id", backup.id},
          {"source", backup.source.text()},
          {"type", backup.source.type},
          {"name", backup.source.name},
          {"address", backup.source.address},
          {"status", kBackupStatuses[backup.status]},
          {"error", backup.error},
          {"trigger", kTriggers[backup.trigger]},
          {"schedule", backup.schedule.empty() ? Json() : Json(backup.schedule)},
          {"label", backup.label},
          {"suspect", backup.suspect},
          {"started_at", rfc3339(backup.started_at)},
          {"finished_at", backup.finished_at > 0 ? Json(rfc3339(backup.finished_at)) : Json()},
          {"deleted_at", time(backup.deleted_at)},
          {"verified_at", time(backup.verified_at)},
          {"pinned", pinned},
          {"engine", backup.engine},
          {"engine_version", backup.engine_version},
          {"raw_size", made ? Json(backup.raw_size()) : Json()},
          {"stored_size", made ? Json(backup.stored_size()) : Json()},
          {"copies", copies}};
}

Progress make_progress() {
  if (log::quiet()) return {};
  struct LastLine {
    SteadyClock::time_point start = SteadyClock::now();
    SteadyClock::time_point last = SteadyClock::now();
    std::string doing;
  };
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const auto pause = terminal ? std::chrono::milliseconds(200) : std::chrono::milliseconds(15'000);
  return [=, shown = std::make_shared<LastLine>()](const std::string& doing, std::uint64_t done,
                                                   std::uint64_t expected) {
    const auto time = SteadyClock::now();
    if (doing != shown->doing) {
      shown->doing = doing;
      shown->start = time;
    }
    if (time - shown->last < pause) return;
    shown->last = time;
    const double seconds = std::chrono::duration<double>(time - shown->start).count();
    const std::string line = progress_line(doing, done, expected, seconds);
    terminal ? log::rewrite(line) : log::detail(line);
  };
}

std::string as_typed(const Options& options) {
  const bool at_a_shell = options.flag("root");
  return (at_a_shell ? "backups-helper " : command_prefix()) + printable(options.command());
}

std::string works_at_a_shell(const Options& options) {
  return " is only allowed at a shell on the host, as root: " + own_program().string() + " " +
         printable(options.command());
}

void confirm(const Question& question) {
  log::warn("WARNING: Potentially Destructive Action");
  log::warn(printable(question.warning));
  log::warn("To proceed, type \"" + printable(question.answers.front()) + "\"");
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  if (terminal) log::raw("> ");
  const std::string given = read_line_within(terminal ? -1 : kPipedTimeout);
  if (std::find(question.answers.begin(), question.answers.end(), given) != question.answers.end())
    return;
  std::string why = "not confirmed: nothing was changed";
  const std::string piped = "pipe the answer in: echo " + shell_quote(question.answers.front()) +
                            " | " + question.command;
  if (!terminal)
    why += ". Without a terminal, " +
           (question.command.empty() ? "add --force"
                                     : piped + (question.forceable ? ", or add --force" : ""));
  throw Error(ErrorKind::kRefused, why);
}

}  // namespace backups
