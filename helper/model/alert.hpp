#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/clock.hpp"

namespace backups {

/// What an alert is about. kStart and kSuccess are sent to the dead man's switch only.
enum class AlertKind {
  kFailure,
  kRecovery,
  kSuspect,
  kPartial,
  kSilence,
  kIdentity,   ///< another machine may use the name of this host
  kTampering,  ///< a manifest on a target is not the one that was written
  kRestore,    ///< a restore left incomplete data
  kCleanup,    ///< what an interrupted command left cannot be removed
  kClock,
  kSettings,
  kTest,
  kStart,
  kSuccess
};

/// A message for the person in charge or for a monitoring system.
struct Alert {
  AlertKind kind = AlertKind::kTest;
  std::string source{};    ///< "postgres:my-db"; empty if it concerns no source
  std::string backup{};    ///< its id, or empty
  std::string target{};    ///< or empty
  std::string schedule{};  ///< its id, or empty
  std::string message{};   ///< one line
  int code = 0;            ///< the exit code of what went wrong
  std::string host{};      ///< filled in where it is raised, as is the time
  Time at = 0;
};

/// The word for a kind: "failure", "recovery", …
std::string name_of(AlertKind kind);

/// Parses the kinds that a person may subscribe to: "failure,partial". Nothing for any other word.
std::optional<std::vector<AlertKind>> parse_alert_kinds(const std::string& text);

/// What an alert is about; the same for an incident and its recovery: "postgres:my-db",
/// "postgres:my-db daily", "postgres:my-db offsite".
std::string subject_of(const Alert& alert);

/// Returns the alert with texts that are safe to send: without control characters and secrets that
/// scrub() detects, and of limited length. All functions below apply it.
Alert cleaned(Alert alert);

/// Returns one line of JSON (docs/json.md).
std::string to_json_text(const Alert& alert);
/// Throws Error, kDamaged.
Alert parse_alert(const std::string& json_text);

struct Post {
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The request for a webhook. `format` is "json", "slack", "discord" or "ntfy".
Post post_of(const Alert& alert, const std::string& format);

/// A mail as sendmail(8) reads it with -t (RFC 5322, 8-bit UTF-8). `to` is a list as in
/// valid_addresses(), `from` an address or empty.
std::string mail_of(const Alert& alert, const std::string& to, const std::string& from,
                    const std::string& message_id);

/// The URL to request of a dead man's switch, by the conventions of healthchecks.io: the URL itself
/// for good news, otherwise "/start" or "/fail" appended to its path.
std::string ping_url(const std::string& url, AlertKind kind);

/// True for a comma-separated list of addresses without display names and without characters that
/// have a meaning in a header: "ann@example.com,root".
bool valid_addresses(const std::string& text);

}  // namespace backups
