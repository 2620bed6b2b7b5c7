#include "model/alert.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/limits.hpp"

namespace backups {
namespace {

struct Kind {
  AlertKind kind;
  const char* name;
  bool chosen;  ///< a person may subscribe to it
  const char* priority;
  const char* tag;  ///< the tag for ntfy
};

constexpr auto kKinds = std::to_array<Kind>({
    {AlertKind::kFailure, "failure", true, "high", "rotating_light"},
    {AlertKind::kRecovery, "recovery", true, "default", "white_check_mark"},
    {AlertKind::kSuspect, "suspect", true, "high", "warning"},
    {AlertKind::kPartial, "partial", true, "default", "warning"},
    {AlertKind::kSilence, "silence", true, "high", "warning"},
    {AlertKind::kIdentity, "identity", true, "high", "warning"},
    {AlertKind::kTampering, "tampering", true, "high", "rotating_light"},
    {AlertKind::kRestore, "restore", true, "high", "rotating_light"},
    {AlertKind::kCleanup, "cleanup", true, "default", "warning"},
    {AlertKind::kClock, "clock", true, "high", "warning"},
    {AlertKind::kSettings, "settings", true, "high", "warning"},
    {AlertKind::kTest, "test", false, "default", "bell"},
    {AlertKind::kStart, "start", false, "min", "arrow_forward"},
    {AlertKind::kSuccess, "success", false, "min", "white_check_mark"},
});

const Kind& facts_of(AlertKind kind) {
  return *std::find_if(kKinds.begin(), kKinds.end(),
                       [&](const Kind& known) { return known.kind == kind; });
}

const Kind* find_kind(const std::string& name) {
  const auto* found = std::find_if(kKinds.begin(), kKinds.end(),
                                   [&](const Kind& known) { return name == known.name; });
  return found == kKinds.end() ? nullptr : found;
}

constexpr std::size_t kLongestText = 900;  // a line of mail ends before 998 bytes (RFC 5322)
constexpr std::size_t kLongestDiscord = 2000;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Cuts valid UTF-8 to at most `most` bytes, between two characters.
std::string cut(std::string text, std::size_t most) {
  constexpr std::string_view kCut = "...";
  if (text.size() <= most) return text;
  std::size_t end = most - kCut.size();
  while (end > 0 && continues_character(text[end])) --end;
  return text.substr(0, end).append(kCut);
}

/// Joins lines with blanks, at which scrub() ends a password.
std::string clean(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return cut(scrub(printable(text)), kLongestText);
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// Escapes the control characters of Slack's markup.
std::string slack_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// Encodes words as in RFC 2047, encoding Q, separated by `separator`, each of at most 75
/// characters.
std::string encode_header(const std::string& text, const std::string& separator) {
  constexpr std::size_t kMaxLength = 60;
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
  if (plain && text.find("=?") == std::string::npos) return text;
  std::vector<std::string> words(1);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = at + 1;
    while (next < text.size() && continues_character(text[next])) ++next;
    std::string encoded = percent_encode(text.substr(at, next - at));
    std::replace(encoded.begin(), encoded.end(), '%', '=');
    if (encoded == "_") encoded = "=5F";
    if (words.back().size() + encoded.size() > kMaxLength) words.emplace_back();
    words.back() += encoded;
    at = next;
  }
  for (auto& word : words) word = "=?UTF-8?Q?" + word + "?=";
  return join(words, separator);
}

/// The date format of RFC 5322, section 3.3.
std::string mail_date(Time time) {
  const std::time_t seconds = time;
  std::tm fields{};
  ::gmtime_r(&seconds, &fields);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S +0000", &fields);
  return text.data();
}

std::string about(const Alert& alert) {
  const std::string of = alert.source.empty() ? "everything" : alert.source;
  switch (alert.kind) {
    case AlertKind::kFailure:
      return "Backup of " + of + " failed";
    case AlertKind::kRecovery:
      return alert.target.empty() ? "Backups of " + of + " work again"
                                  : "Copies of " + of + " to " + alert.target + " work again";
    case AlertKind::kSuspect:
      return "Backup of " + of + " is suspect";
    case AlertKind::kPartial:
      return "Backup of " + of + " was not copied to " + alert.target;
    case AlertKind::kSilence:
      return "No recent backup of " + of;
    case AlertKind::kIdentity:
      return "Another machine may use the name of this host";
    case AlertKind::kTampering:
      return "A copy of " + of + " does not match what was backed up";
    case AlertKind::kRestore:
      return "The data of " + of + " may be incomplete or missing";
    case AlertKind::kCleanup:
      return "Cannot clean up after an interrupted command on " + of;
    case AlertKind::kClock:
      return "The clock of this host and its backups disagree";
    case AlertKind::kSettings:
      return "A setting of " + of + " is not valid";
    case AlertKind::kTest:
      return "Test alert";
    case AlertKind::kStart:
    case AlertKind::kSuccess:
      break;
  }
  return name_of(alert.kind);
}

/// The subject of a mail: "Backup of postgres:my-db failed (host-0a1b2c3d)".
std::string title(const Alert& alert) {
  return alert.host.empty() ? about(alert) : about(alert) + " (" + alert.host + ")";
}

}  // namespace

std::string name_of(AlertKind kind) { return facts_of(kind).name; }

std::optional<std::vector<AlertKind>> parse_alert_kinds(const std::string& text) {
  std::vector<AlertKind> kinds;
  for (const auto& name : split(text, ',')) {
    const Kind* known = find_kind(name);
    if (known == nullptr || !known->chosen) return std::nullopt;
    kinds.push_back(known->kind);
  }
  return kinds;
}

std::string subject_of(const Alert& alert) {
  std::string subject = alert.source;
  for (const auto& part : {alert.schedule, alert.target})
    if (!part.empty()) subject += " " + part;
  return subject;
}

Alert cleaned(Alert alert) {
  for (std::string* text :
       {&alert.source, &alert.backup, &alert.target, &alert.schedule, &alert.message, &alert.host})
    *text = clean(*text);
  return alert;
}

std::string to_json_text(const Alert& alert) {
  const Alert sent = cleaned(alert);
  return dump({{"event", name_of(sent.kind)},
               {"source", sent.source},
               {"backup", sent.backup},
               {"target", sent.target},
               {"schedule", sent.schedule},
               {"host", sent.host},
               {"message", sent.message},
               {"code", sent.code},
               {"at", rfc3339(sent.at)}});
}

Alert parse_alert(const std::string& json_text) {
  try {
    const auto json = nlohmann::json::parse(shallow(json_text));
    const Kind* known = find_kind(json.at("event"));
    const auto at = parse_rfc3339(json.at("at").get<std::string>());
    if (known == nullptr || !at) throw Error(ErrorKind::kDamaged, "an alert of an unknown kind");
    return {known->kind,       json.at("source"),   json.at("backup"),
            json.at("target"), json.at("schedule"), json.at("message"),
            json.at("code"),   json.at("host"),     *at};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kDamaged, std::string("an alert cannot be read: ") + error.what());
  }
}

Post post_of(const Alert& alert, const std::string& format) {
  const Alert sent = cleaned(alert);
  const std::string text = title(sent) + "\n" + sent.message;
  if (format == "ntfy") {
    const Kind& kind = facts_of(sent.kind);
    return {{{"Content-Type", "text/plain; charset=utf-8"},
             {"Title", encode_header(title(sent), " ")},
             {"Priority", kind.priority},
             {"Tags", kind.tag}},
            sent.message};
  }
  Post post{{{"Content-Type", "application/json"}}, {}};
  if (format == "slack") {
    post.body = dump({{"text", slack_text(text)}});
  } else if (format == "discord") {
    // A name in an error message must not mention and notify anybody.
    post.body = dump({{"content", cut(text, kLongestDiscord)},
                      {"allowed_mentions", {{"parse", nlohmann::ordered_json::array()}}}});
  } else {
    post.body = to_json_text(sent) + "\n";
  }
  return post;
}

std::string mail_of(const Alert& alert, const std::string& to, const std::string& from,
                    const std::string& message_id) {
  const Alert sent = cleaned(alert);
  std::string mail;
  if (!from.empty()) mail += "From: " + from + "\n";
  mail += "To: " + join(split(to, ','), ",\n ") + "\n";
  mail += "Subject: " + encode_header(title(sent), "\n ") + "\n";
  mail += "Date: " + mail_date(sent.at) + "\n";
  mail += "Message-ID: <" + message_id + ">\n";
  mail +=
      "Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; "
      "charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n";
  mail += about(sent) + ".\n\n" + sent.message + "\n\n";
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) mail += std::string(name) + value + "\n";
  };
  add("Source:   ", sent.source);
  add("Backup:   ", sent.backup);
  add("Target:   ", sent.target);
  add("Schedule: ", sent.schedule);
  add("Host:     ", sent.host);
  add("Time:     ", rfc3339(sent.at));
  return mail;
}

std::string ping_url(const std::string& url, AlertKind kind) {
  const std::string suffix = kind == AlertKind::kStart     ? "/start"
                             : kind == AlertKind::kFailure ? "/fail"
                                                           : "";
  if (suffix.empty()) return url;
  const std::size_t query = std::min(url.find('?'), url.size());
  std::string path = url.substr(0, query);
  while (path.ends_with('/')) path.pop_back();
  return path + suffix + url.substr(query);
}

bool valid_addresses(const std::string& text) {
  constexpr std::size_t kMaxLength = 320;  // RFC 5321 section 4.5.3.1
  constexpr std::string_view kDomain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
  const std::string local = std::string(kDomain) + "!#$%&'*+/=?^_`{|}~";  // RFC 5322 section 3.2.3
  const auto has_only = [](const std::string& word, std::string_view characters) {
    return !word.empty() && word.find_first_not_of(characters) == std::string::npos &&
           word[0] != '-' && word[0] != '.' && !word.ends_with('.');
  };
  const auto addresses = split(text, ',');
  return std::all_of(addresses.begin(), addresses.end(), [&](const std::string& address) {
    const auto parts = split(address, '@');
    return address.size() <= kMaxLength && parts.size() <= 2 && has_only(parts[0], local) &&
           (parts.size() == 1 || has_only(parts[1], kDomain));
  });
}

}  // namespace backups
