#include "model/property.hpp"

#include <algorithm>
#include <initializer_list>

#include "base/error.hpp"
#include "base/text.hpp"
#include "model/alert.hpp"
#include "model/retention.hpp"
#include "model/target.hpp"
#include "stream/stage.hpp"
#include "sys/zone.hpp"

namespace backups {
namespace {

bool is_encoding(const std::string& value) { return parse_encoding(value).has_value(); }

bool is_duration(const std::string& value) {
  const auto seconds = parse_duration(value);
  return seconds && *seconds >= 1 && *seconds <= 7 * 86400;
}

bool is_reserve(const std::string& value) {
  if (!value.ends_with('%')) return parse_size(value).has_value();
  const auto percent = parse_number(value.substr(0, value.size() - 1));
  return percent && *percent >= 0 && *percent <= 90;
}

bool is_target_list(const std::string& value) {
  try {
    return !parse_target_list(value).empty();
  } catch (const Error&) {
    return false;
  }
}

bool is_keep(const std::string& value) {
  try {
    KeepRules::parse(value);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool is_percent(const std::string& value) {
  const auto percent =
      value.ends_with('%') ? parse_number(value.substr(0, value.size() - 1)) : std::nullopt;
  return percent && *percent >= 0 && *percent <= 100;
}

bool is_abort_or_warn(const std::string& value) { return is_one_of(value, {"abort", "warn"}); }

bool is_final_backup(const std::string& value) {
  return is_one_of(value, {"on", "off", "require"});
}

bool is_parallel(const std::string& value) {
  const auto number = parse_number(value);
  return number && *number >= 1 && *number <= 16;
}

bool is_zone(const std::string& value) { return Zone::is_known(value); }

/// True for a URL that can be sent unchanged: without blanks, control characters and fragment.
bool is_url(const std::string& value) {
  for (const std::string scheme : {"https://", "http://"}) {
    if (!value.starts_with(scheme)) continue;
    const std::string rest = value.substr(scheme.size());
    return !rest.empty() && rest[0] != '/' && rest[0] != '?' &&
           std::all_of(rest.begin(), rest.end(),
                       [](char c) { return c > ' ' && c < 0x7F && c != '#' && c != '"'; });
  }
  return false;
}

bool is_webhook_format(const std::string& value) {
  return is_one_of(value, {"json", "slack", "discord", "ntfy"});
}

bool is_address(const std::string& value) {
  return valid_addresses(value) && value.find(',') == std::string::npos;
}

bool is_path(const std::string& value) {
  return value.starts_with('/') && !value.ends_with('/') && printable(value) == value;
}

}  // namespace

const std::vector<Property>& properties() {
  using P = Property;
  constexpr const char* kKeep = "rules such as last=7,daily=7,weekly=4,monthly=12,within=30d";
  constexpr const char* kTime = "a time from 1s to 7d, such as 90s, 10m or 2h";
  // Sorted by name.
  static const std::vector<Property> kProperties = {
      {"before-deploy", "false", "true or false", is_flag, P::kOfApps},
      {"before-deploy-failure", "abort", "abort or warn", is_abort_or_warn, P::kOfApps},
      {"before-deploy-max-age", "10m", kTime, is_duration, P::kOfApps},
      {"before-deploy-timeout", "30m", kTime, is_duration, P::kOfApps},
      {"compression", "zstd", "none, gzip or zstd, optionally with a level such as zstd:9",
       is_encoding},
      {"disk-reserve", "", "a size to leave free, such as 5G or 10%", is_reserve},
      {"final-backup", "on", "on, off or require", is_final_backup},
      {"keep-deploy", "last=5,within=7d", kKeep, is_keep},
      {"keep-final", "last=3,within=90d", kKeep, is_keep},
      {"keep-manual", "last=20,within=90d", kKeep, is_keep},
      {"keep-safety", "last=3,within=7d", kKeep, is_keep},
      {"max-parallel", "1", "a number from 1 to 16", is_parallel, P::kGlobalOnly},
      {"metrics-file", "", "the path of a file, such as /var/lib/node_exporter/backups.prom",
       is_path, P::kGlobalOnly | P::kShellOnly},
      {"notify-command", "", "the path of a program", is_path, P::kGlobalOnly | P::kShellOnly},
      {"notify-every", "1d", "a time from 1s to 7d, such as 6h", is_duration, P::kGlobalOnly},
      {"notify-mail", "", "addresses, as in ann@example.com,root", valid_addresses, P::kGlobalOnly},
      {"notify-mail-from", "", "an address", is_address, P::kGlobalOnly},
      {"notify-on",
       "failure,recovery,suspect,partial,silence,clock,settings,identity,tampering,restore,cleanup",
       "some of "
       "failure,recovery,suspect,partial,silence,clock,settings,identity,tampering,restore,cleanup",
       [](const std::string& value) { return parse_alert_kinds(value).has_value(); },
       P::kGlobalOnly},
      {"notify-ping", "", "the URL of a dead man's switch (- reads it from stdin)", is_url,
       P::kGlobalOnly | P::kSecret},
      {"notify-webhook", "", "a URL (- reads it from stdin)", is_url, P::kGlobalOnly | P::kSecret},
      {"notify-webhook-format", "json", "json, slack, discord or ntfy", is_webhook_format,
       P::kGlobalOnly},
      {"silence-timeout", "10m", kTime, is_duration},
      {"start-timeout", "30m", kTime, is_duration},
      {"suspect-below", "50%",
       "a percentage of the previous backup, from 0% (never suspect) to 100%", is_percent},
      {"targets", "local", "names of targets, such as local,offsite", is_target_list},
      {"timezone", "", "an IANA name such as Europe/Berlin", is_zone, P::kGlobalOnly},
  };
  return kProperties;
}

std::string Property::shown(const std::string& value) const {
  return is(kSecret) && !value.empty() ? "*******" : printable(value);
}

const Property* find_property(const std::string& name) {
  for (const auto& property : properties())
    if (name == property.name) return &property;
  return nullptr;
}

}  // namespace backups
