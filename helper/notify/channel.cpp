#include "notify/channel.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "host/version.hpp"
#include "sys/file.hpp"
#include "sys/http.hpp"
#include "sys/process.hpp"

namespace backups {
namespace {

using std::chrono::seconds;

constexpr int kHttpSeconds = 10;
constexpr seconds kProgramTimeout(30);
constexpr seconds kGrace(2);  // between SIGTERM and SIGKILL

std::string get(const Settings& settings, const std::string& property) {
  return settings.get(Settings::kGlobal, property);
}

/// The answer of the server is never shown: it may repeat the URL, which is a secret.
void request(const std::string& method, const std::string& url, Post post) {
  post.headers.emplace_back("User-Agent", std::string("backups/") + kVersion);
  HttpRequest request{method, url, std::move(post.headers), post.body, {}, kHttpSeconds, false};
  HttpClient client({"", kHttpSeconds, kHttpSeconds, false});
  const int status = client.send(request).status;
  if (status >= 200 && status < 300) return;
  const bool refused =
      status >= 400 && status < 500 && status != 408 /* timeout */ && status != 429 /* too many */;
  throw Error(refused ? ErrorKind::kRefused : ErrorKind::kUnreachable,
              "the server answered " + std::to_string(status));
}

void send_webhook(const Environment&, const Settings& settings, const Alert& alert) {
  request("POST", get(settings, "notify-webhook"),
          post_of(alert, get(settings, "notify-webhook-format")));
}

/// Uses GET if there is no message, since some services accept nothing else; a message needs POST.
void send_ping(const Environment&, const Settings& settings, const Alert& alert) {
  const std::string url = ping_url(get(settings, "notify-ping"), alert.kind);
  if (alert.message.empty()) return request("GET", url, {});
  request("POST", url, {{{"Content-Type", "text/plain; charset=utf-8"}}, alert.message});
}

/// The last line that a program wrote, which usually names the cause. Made safe for messages.
std::string last_line(const Fd& output) {
  std::array<char, 4096> tail{};
  const auto size = ::lseek(output.get(), 0, SEEK_END);
  const auto from = std::max<::off_t>(size - static_cast<::off_t>(tail.size()), 0);
  const std::size_t got =
      read_at(output.get(), tail.data(), tail.size(), static_cast<std::uint64_t>(from), "stderr");
  const std::string text = trim(std::string_view(tail.data(), got));
  return scrub(printable(text.substr(text.rfind('\n') + 1)));
}

/// Runs a program with `input` on stdin. Its output goes to a file in memory and not to a pipe, so
/// that a child that it leaves in the background cannot block anything.
void run(Command command, const std::string& input) {
  const Fd in = memory_file(input);
  const Fd output = memory_file("");
  command.descriptors = {
      {STDIN_FILENO, in.get()}, {STDOUT_FILENO, output.get()}, {STDERR_FILENO, output.get()}};
  command.leaves_work = true;  // sendmail may deliver in the background
  Process process(command);
  const auto status = process.wait(kProgramTimeout);
  if (!status) {
    process.stop(kGrace);
    throw Error(ErrorKind::kFailed, command.argv[0] + " took longer than 30 s");
  }
  if (*status == 0) return;
  const std::string reason = last_line(output);
  throw Error(ErrorKind::kFailed, command.argv[0] + " failed (exit code " +
                                      std::to_string(*status) + ")" +
                                      (reason.empty() ? "" : ": " + reason));
}

/// Finds sendmail in PATH or in its usual directories, which are not in the PATH of cron.
std::string find_sendmail(const Environment& environment) {
  auto directories = split(environment.at("PATH"), ':');
  for (const char* usual : {"/usr/sbin", "/usr/lib"}) directories.emplace_back(usual);
  for (const auto& directory : directories) {
    const std::string path = directory + "/sendmail";
    if (directory.starts_with('/') && ::access(path.c_str(), X_OK) == 0) return path;
  }
  throw Error(ErrorKind::kNotFound,
              "sendmail not found on this host: install one, for example the msmtp-mta package");
}

void send_mail(const Environment& environment, const Settings& settings, const Alert& alert) {
  const std::string id = "backups." + random_hex(12) + "@" + alert.host;
  run({{find_sendmail(environment), "-t", "-i"}, environment, {}},
      mail_of(alert, get(settings, "notify-mail"), get(settings, "notify-mail-from"), id));
}

/// The alert is passed as JSON on stdin, and its main fields in variables for short scripts.
void send_command(const Environment& inherited, const Settings& settings, const Alert& alert) {
  Environment environment = inherited;
  environment["BACKUPS_EVENT"] = name_of(alert.kind);
  environment["BACKUPS_SOURCE"] = alert.source;
  environment["BACKUPS_BACKUP"] = alert.backup;
  environment["BACKUPS_TARGET"] = alert.target;
  environment["BACKUPS_HOST"] = alert.host;
  environment["BACKUPS_MESSAGE"] = alert.message;
  run({{get(settings, "notify-command")}, environment, {}}, to_json_text(alert) + "\n");
}

struct Channel {
  const char* name;
  const char* property;
  void (*send)(const Environment&, const Settings&, const Alert&);
};

constexpr auto kChannels = std::to_array<Channel>({{"webhook", "notify-webhook", send_webhook},
                                                   {"mail", "notify-mail", send_mail},
                                                   {"command", "notify-command", send_command},
                                                   {kPing, "notify-ping", send_ping}});

const Channel* find_channel(const Settings& settings, const std::string& name) {
  for (const auto& channel : kChannels)
    if (name == channel.name && !get(settings, channel.property).empty()) return &channel;
  return nullptr;
}

}  // namespace

std::vector<std::string> alert_channels(const Settings& settings) {
  std::vector<std::string> names;
  for (const auto& channel : kChannels)
    if (channel.name != std::string(kPing) && has_channel(settings, channel.name))
      names.emplace_back(channel.name);
  return names;
}

bool has_channel(const Settings& settings, const std::string& channel) {
  return find_channel(settings, channel) != nullptr;
}

void send_alert(const Environment& environment, const Settings& settings,
                const std::string& channel, const Alert& alert) {
  const Channel* found = find_channel(settings, channel);
  if (found == nullptr) throw Error(ErrorKind::kNotFound, channel + " is not set up");
  found->send(environment, settings, cleaned(alert));
}

}  // namespace backups
