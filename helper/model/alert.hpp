#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

/// kStart and kSuccess are for the dead man's switch alone.
enum class AlertKind {
  kFailure,
  kRecovery,
  kSuspect,
  kPartial,
  kSilence,
  kIdentity,   ///< another machine may use the name of this host
  kTampering,  ///< what a target holds is not what was written there
  kRestore,    ///< a restore has left its target without whole data
  kCleanup,    ///< what an interrupted command left can't be removed
  kClock,
  kSettings,
  kTest,
  kStart,
  kSuccess
};

/// Something that a person, or a machine of theirs, should hear.
struct Alert {
  AlertKind kind = AlertKind::kTest;
  std::string source{};    ///< "postgres:my-db", empty where it is about none
  std::string backup{};    ///< its id, or empty
  std::string target{};    ///< or empty
  std::string schedule{};  ///< its id, or empty
  std::string message{};   ///< one line
  int code = 0;            ///< the exit code of what went wrong
  std::string host{};      ///< filled in where it is raised, as is the time
  Time at = 0;
};

/// "failure", "recovery", ...
std::string name_of(AlertKind kind);

/// "failure,partial" for the kinds that somebody may choose to hear of. Nothing for other words.
std::optional<std::vector<AlertKind>> parse_alert_kinds(const std::string& text);

/// What it is about, the same for a trouble and its end: "postgres:my-db", "postgres:my-db daily",
/// "postgres:my-db offsite".
std::string subject_of(const Alert& alert);

/// With texts that may go out: no control character, no secret that scrub() knows, none too long.
/// What the functions below return is made of such texts, whatever they are given.
Alert cleaned(Alert alert);

/// One line of JSON (docs/json.md).
std::string to_json_text(const Alert& alert);
/// Throws Error, kDamaged.
Alert parse_alert(const std::string& json_text);

struct Post {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// What a webhook is sent. `format`: "json", "slack", "discord" or "ntfy".
Post post_of(const Alert& alert, const std::string& format);

/// A mail as sendmail(8) reads it with -t (RFC 5322, 8-bit UTF-8). `to` is a list as in
/// valid_addresses(), `from` one of them or empty.
std::string mail_of(const Alert& alert, const std::string& to, const std::string& from,
                    const std::string& message_id);

/// Where a dead man's switch hears of it, as healthchecks.io has it: the URL itself for good news,
/// else its path and "/start" or "/fail".
std::string ping_url(const std::string& url, AlertKind kind);

/// Addresses without names, and without anything that a header might take for something else:
/// "ann@example.com,root".
bool valid_addresses(const std::string& text);

}  // namespace backups
