#include "sys/zone.hpp"

#include <date/tz.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"

namespace backups {
namespace {

date::sys_seconds instant(Time time) { return date::sys_seconds(std::chrono::seconds(time)); }

/// The library takes every file of the database's directory for a zone: localtime, lists, and what
/// is added next year, for which it aborts. Zones are told by their names.
bool looks_like_a_zone(const std::string& name) {
  constexpr std::string_view kPunctuation = "/_+-";
  const auto allowed = [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           kPunctuation.find(c) != kPunctuation.npos;
  };
  return !name.empty() && name[0] >= 'A' && name[0] <= 'Z' &&
         std::all_of(name.begin(), name.end(), allowed);
}

/// Nothing for a name that is none.
const date::time_zone* find_zone(const std::string& name) {
  if (!looks_like_a_zone(name)) return nullptr;
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

/// ":Europe/Berlin" and paths of the database's files are names too.
std::string name_in(std::string text) {
  constexpr std::string_view kDatabase = "/zoneinfo/";
  if (text.starts_with(':')) text.erase(0, 1);
  const auto at = text.rfind(kDatabase);
  return at == std::string::npos ? text : text.substr(at + kDatabase.size());
}

std::string environment_zone() {
  const char* value = std::getenv("TZ");
  return value == nullptr ? "" : name_in(value);
}

/// Only the link itself is asked: what it leads to may be a link to the zone's newer name.
std::string linked_zone(const fs::path& path) {
  std::error_code ignored;
  return name_in(fs::read_symlink(path, ignored).string());
}

std::string written_zone(const fs::path& path) {
  try {
    return trim(read_file(path).value_or(""));
  } catch (const Error&) {
    return "";
  }
}

}  // namespace

Zone::Zone(const std::string& name) : name_(name), zone_(find_zone(name)) {
  if (zone_ == nullptr)
    throw Error(ErrorKind::kBadInput, "unknown time zone '" + printable(name) +
                                          "' (use an IANA name such as Europe/Berlin)");
}

bool Zone::is_known(const std::string& name) { return find_zone(name) != nullptr; }

LocalMinute Zone::local(Time time) const {
  using namespace std::chrono;
  return LocalMinute(floor<minutes>(seconds(time) + zone_->get_info(instant(time)).offset));
}

LocalOccurrences Zone::occurrences(LocalMinute minute) const {
  const std::chrono::seconds clock = minute.time_since_epoch();
  const auto info = zone_->get_info(date::local_seconds(clock));
  const Time first = (clock - info.first.offset).count();
  switch (info.result) {
    case date::local_info::nonexistent: {
      const Time jump = info.first.end.time_since_epoch().count();
      return {0, jump, jump};
    }
    case date::local_info::ambiguous:
      return {2, first, (clock - info.second.offset).count()};
    default:
      return {1, first, first};
  }
}

Time Zone::next_change(Time time) const {
  return zone_->get_info(instant(time)).end.time_since_epoch().count();
}

std::string Zone::host(const std::string& etc) {
  const fs::path path(etc);
  for (const auto& name :
       {environment_zone(), linked_zone(path / "localtime"), written_zone(path / "timezone")}) {
    if (name == "Etc/UTC") return "UTC";
    if (find_zone(name) != nullptr) return name;
  }
  return "UTC";
}

}  // namespace backups
